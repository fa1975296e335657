"""What a memory names, found without a model: its heading, capitalised phrases and identifiers.

Names are told by how they are written, so this holds for any language that capitalises them. Which of them are rare enough to say
that two memories belong together is for the space to know.
"""

import re

# The heading is what stands before the first colon or line break, as for lexemes (``engram_lexemes`` in SQL).
HEADING = re.compile(r"([^:\n]{1,60})(?::\s|\n)")
ASIDE = re.compile(r"\s*\(.*?\)")
WORD = re.compile(r"[^\W_][\w'’-]*(?:\.[\w'’-]+)*")
PUNCTUATION = re.compile(r"\S|\n")
SENTENCE_END = re.compile(r"[.!?:;\n\"“(\[]")
POSSESSIVE = re.compile(r"['’]s$")
# Words that a name may have between its capitalised ones.
PARTICLES = frozenset(["and", "da", "de", "del", "den", "der", "des", "di", "du", "la", "of", "the", "van", "von"])

SHORTEST, LONGEST = 3, 80
# Names that count, the first ones of a memory.
MOST_NAMES = 32


def names_in(content: str) -> list[str]:
    """The names of a memory in lower case, each once, in their order."""
    heading = HEADING.match(content)
    title = ASIDE.sub("", heading[1]).strip() if heading else ""
    found = [title, *_names(content, heading.end() if heading else 0)]
    whole = (POSSESSIVE.sub("", name.lower().replace("’", "'")) for name in found)
    return [name for name in dict.fromkeys(whole) if SHORTEST <= len(name) <= LONGEST][:MOST_NAMES]


def _names(content: str, start: int) -> list[str]:
    found: list[str] = []
    phrase: list[str] = []
    opens_sentence = True
    end = start

    def close() -> None:
        while phrase and phrase[-1] in PARTICLES:
            phrase.pop()
        # A word alone at the beginning of a sentence has its capital from there.
        if len(phrase) > 1 or (phrase and not opens_sentence):
            found.append(" ".join(phrase))
        phrase.clear()

    for word in WORD.finditer(content, start):
        gap = content[end : word.start()]
        if PUNCTUATION.search(gap):
            close()
        if any(letter.isdigit() for letter in word[0]):
            close()
            found.append(word[0])
        elif word[0][0].isupper():
            if not phrase:
                opens_sentence = end == start or SENTENCE_END.search(gap) is not None
            phrase.append(word[0])
        elif phrase and word[0] in PARTICLES:
            phrase.append(word[0])
        else:
            close()
        end = word.end()
    close()
    return found
