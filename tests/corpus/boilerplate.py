"""The procedural words of the letters: labels as the forms print them, longer passages in words of our own."""

MARK = "FICTIONAL LETTER - not a real determination"
MARK_NOTE = "Written to test and to show imrsearch. No such person, claim or review exists."

SENT = (
    "MAXIMUS Federal Services sent the complete case file to an expert reviewer. He/she is independent of the "
    "employer, the employee, the providers and the claims administrator."
)
NO_TIES = (
    "The Medical Doctor who made this decision is independent of the employer, the employee, the providers and the "
    "claims administrator."
)
CHOSEN = (
    "He/she sees patients every week, has done so for over five years, and was picked for training and practice in the "
    "field that treats the condition and the disputed items/services. He/she knows the rules of evidence that "
    "Independent Medical Review determinations follow."
)
SUMMARY_LEAD = (
    "The expert reviewer developed the following clinical case summary based on a review of the case file, including "
    "all medical records:"
)
ITEMS_LEAD = "The Final Determination was based on decisions for the disputed items/services set forth below:"

NOTICE_BODY = (
    "This letter tells you how MAXIMUS Federal Services decided the Independent Medical Review of the above workers' "
    "compensation case. The reasons for each of the disputed items/services follow on later pages.",
    "By law this decision counts as the Final Determination of the Administrative Director of the Division of Workers' "
    "Compensation and binds all parties. An appeal to the Workers' Compensation Appeals Board is open for a short time "
    "and on few grounds.",
)
FILED = (
    "An application for Independent Medical Review was filed on {application_date} disputing the Utilization Review "
    "Denial dated {ur_denial_date}. A Notice of Assignment and Request for Information was provided to the above "
    "parties on {assigned_date}. A decision has been made for each of the treatment and/or services that were in "
    "dispute:"
)
SUMMARY_NOTE = (
    "Disclaimer: The following case summary was taken directly from the utilization review denial/modification dated "
    "{ur_denial_date}."
)
DOCUMENTS_LEAD = "The reviewer read what the parties sent and what came with the application, among it:"
RELIED_UPON = "Medical Treatment Guideline(s) Relied Upon by the Expert Reviewer to Make His/Her Decision"
EFFECT = (
    "As far as medical necessity goes, this decision binds all parties, as the Final Determination of the "
    "Administrative Director of the Division of Workers' Compensation would."
)
DISCLAIMER = (
    "MAXIMUS reviews under contract with the California Department of Industrial Relations and does not practice law "
    "or medicine. Whether to use a treatment remains for the patient and the physician to decide, and MAXIMUS is not "
    "liable for what follows from that choice."
)
