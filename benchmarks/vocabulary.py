"""Words to make memories of: topics with their own nouns and verbs, and what all topics share.

Within each list the first words are the common ones.
"""

# Topic: its nouns, then its verbs, which all take an object and are in the past tense.
TOPICS = {
    "billing": (
        "invoice refund payment subscription receipt discount balance chargeback currency statement voucher surcharge",
        "approved disputed settled refunded postponed credited",
    ),
    "shipping": (
        "parcel delivery carrier warehouse label pallet customs freight tracking container courier manifest",
        "dispatched lost returned rerouted unpacked insured",
    ),
    "hiring": (
        "candidate interview offer resume referral recruiter salary onboarding contract reference vacancy probation",
        "interviewed shortlisted declined welcomed screened promoted",
    ),
    "security": (
        "password certificate firewall breach token audit permission phishing key encryption patch intrusion",
        "rotated revoked blocked reported encrypted investigated",
    ),
    "database": (
        "query index migration replica backup table schema transaction vacuum partition deadlock shard",
        "optimised restored migrated rebuilt truncated tuned",
    ),
    "frontend": (
        "button page form layout browser stylesheet animation component modal tooltip viewport widget",
        "redesigned rendered centred shipped prototyped localised",
    ),
    "travel": (
        "flight hotel itinerary luggage visa airport ticket layover passport terminal excursion ferry",
        "booked cancelled missed upgraded confirmed photographed",
    ),
    "cooking": (
        "recipe oven dough garlic sauce kitchen flavour onion pastry broth saffron skillet",
        "baked tasted burned seasoned chopped simmered",
    ),
    "garden": (
        "tomato soil seed hedge greenhouse compost rose orchard irrigation fertiliser trellis seedling",
        "planted watered pruned harvested weeded grafted",
    ),
    "medicine": (
        "patient dose symptom clinic allergy prescription vaccine diagnosis surgery therapy biopsy antibiotic",
        "examined prescribed treated vaccinated discharged diagnosed",
    ),
    "music": (
        "concert album guitar rehearsal melody singer rhythm orchestra microphone chorus violin encore",
        "recorded composed performed mixed rehearsed transposed",
    ),
    "finance": (
        "budget forecast dividend portfolio loan mortgage audit equity bond inflation hedge liquidity",
        "invested forecast audited borrowed diversified liquidated",
    ),
    "robotics": (
        "sensor motor gripper firmware battery controller camera joint lidar actuator gyroscope encoder",
        "calibrated assembled tested soldered programmed replaced",
    ),
    "school": (
        "teacher homework exam lesson essay semester classroom scholarship lecture seminar syllabus thesis",
        "graded taught passed submitted revised explained",
    ),
    "law": (
        "contract clause lawsuit witness judge settlement patent verdict tenant testimony injunction affidavit",
        "signed appealed drafted negotiated overturned notarised",
    ),
    "weather": (
        "storm rain temperature forecast wind snow flood drought humidity thunder frost hurricane",
        "predicted measured observed survived tracked recorded",
    ),
    "sports": (
        "match team coach season goal injury training referee tournament penalty marathon relay",
        "won coached scored defended watched postponed",
    ),
    "astronomy": (
        "telescope planet orbit star galaxy eclipse comet spectrum satellite nebula asteroid observatory",
        "observed discovered photographed catalogued simulated measured",
    ),
    "architecture": (
        "bridge facade blueprint concrete staircase foundation tower roof courtyard arch scaffold mezzanine",
        "designed restored demolished surveyed reinforced sketched",
    ),
    "support": (
        "ticket customer complaint outage workaround login attachment escalation agent survey backlog macro",
        "escalated resolved answered reopened merged reproduced",
    ),
    "energy": (
        "turbine grid panel transformer meter reactor pipeline inverter substation emission geothermal biogas",
        "installed inspected repaired metered upgraded disconnected",
    ),
    "theatre": (
        "stage actor costume script audience premiere director curtain monologue prop understudy matinee",
        "rehearsed directed adapted staged applauded rewrote",
    ),
    "wildlife": (
        "otter heron forest nest migration habitat wolf reef beetle sanctuary falcon burrow",
        "tagged rescued sighted released counted sheltered",
    ),
    "meetings": (
        "agenda deadline decision roadmap milestone budget proposal retrospective minutes blocker stakeholder offsite",
        "scheduled postponed agreed presented summarised vetoed",
    ),
}

ADJECTIVES = (
    "new old first last large small late early second broken missing urgent expensive cheap final strange "
    "quiet temporary monthly local private public damaged unexpected promising provisional rusty immaculate"
)
WHEN = (
    "yesterday|this morning|last week|on Monday|on Friday|in March|before lunch|after the holidays|in the spring|"
    "two days ago|in the second quarter|late at night|during the offsite|over the weekend|at the end of the year"
)
PLACES = (
    "the office|Berlin|the workshop|Lisbon|the basement|Toronto|the harbour|Nairobi|the annex|Osaka|the north wing|"
    "Valparaiso|the archive|Tallinn|the old mill|Marrakesh"
)
OPINIONS = (
    "wants to see it again|was not happy about it|asked for a second opinion|will decide next week|"
    "prefers to be told by email|said it worked well|suspects a simple mistake|promised to follow up|"
    "thinks it was worth the price|would rather start over|needs an answer soon|keeps a copy of everything"
)
SYLLABLES = "ma ri do len ka su tor bel an vi ro ne sha fi gar lo mi tes ou pra zen hal co dri ul wy"
