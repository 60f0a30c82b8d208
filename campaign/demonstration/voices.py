"""What invented supporters and candidates say in their own words."""

OPENINGS = (
    "I am a parent of two, and what they meet online worries me more than anything else.",
    "I teach at a primary school here. Every year the children are younger when they get a phone.",
    "I am a grandmother of five. I did not grow up with any of this, but they do.",
    "I work in a library and help people online every day; I see how little protects the young.",
    "I have fostered children for eleven years. Please read this with them in mind.",
    "As a nurse on a children's ward I know that harm that nobody sees is harm all the same.",
    "I am seventeen and cannot vote yet. I hope that you will listen all the same.",
    "I run the youth football club. Parents ask me about this after nearly every match.",
    "I worked in computing for thirty years, and I know that more can be done than is done.",
    "I have never written to a candidate before. This matters enough to me to begin now.",
    "My neighbours and I talked about this last week, and I said that I would write to you.",
    "I volunteer with the scouts, and we now teach our leaders about safety online.",
)

CLOSINGS = (
    "I look forward to reading your answer.",
    "I shall tell my neighbours what you say.",
    "Please tell us where you stand before polling day.",
    "Your answer will matter when I vote.",
    "Thank you for standing, and for reading this.",
)

STATEMENTS = {
    "yes": (
        "I have two children of my own. This will be among the first things that I raise.",
        "Yes, and I have said so at every hustings so far.",
        "I will ask for a debate on this within the first hundred days.",
        "My answer is yes without conditions.",
    ),
    "yes_with_reservations": (
        "Yes, as long as the privacy of people who have done nothing wrong is kept.",
        "I agree with the aim. I would want to see the costs before I vote for the means.",
    ),
    "partly": (
        "I support stronger treatment courses. On the length of sentences I would follow the "
        "advice of the courts.",
        "Technical measures alone will not do it; I would put more into the police teams.",
    ),
    "no": (
        "I do not think that a new law is the right way; the present ones should be used better.",
    ),
    "declined": ("I decide on single questions after the election and not before.", ""),
}

SOURCES = (
    ("hustings", "Asked at the hustings in the parish hall: “You have my word on this.”"),
    ("public_statement", "“Children come first online as they do on the street.”"),
    ("letter", "“Thank you for your letter. I support this and you may say so.”"),
    ("hustings", "At the harbour debate: “I could support a part of it, not all.”"),
)
