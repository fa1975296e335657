// Fields for a time: <input type="datetime-local" data-utc>. They are sent in UTC, and typed and shown in the reader's own zone.

const fields = document.querySelectorAll("input[data-utc]");
const minute = (date) => date.toISOString().slice(0, 16);
const shifted = (date, sign) => new Date(date.getTime() + sign * date.getTimezoneOffset() * 60_000);

for (const note of document.querySelectorAll("[data-utc-note]")) note.hidden = true;
for (const field of fields) {
  if (field.value) field.value = minute(shifted(new Date(`${field.value}Z`), -1));
  field.form.addEventListener("formdata", ({ formData }) => {
    if (field.value) formData.set(field.name, minute(new Date(field.value)));
  });
}
