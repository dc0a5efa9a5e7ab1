import pytest

from imrsearch.schema.derive import derive_item, patient_age, patient_sex
from imrsearch.schema.records import Item


def item(treatment, **changes):
    """The item of that heading with its derived attributes; states only what the test is about."""
    settings = {"requested": None, "authorized": None, "disputed": treatment, "outcome": "upheld", **changes}
    return derive_item(Item(id="CM00-0000000:1", item=1, treatment=treatment, **settings))


OPIOID = ("Pharmaceuticals", "Opioids")
TOPICAL = ("Pharmaceuticals", "Topical Analgesics")
COMPOUND = ("Pharmaceuticals", "Topical Compounds")
RELAXANT = ("Pharmaceuticals", "Muscle Relaxant")
THERAPY = ("Rehabilitation", "Physical Therapy/Occupational Therapy (PT/OT)")


@pytest.mark.parametrize(
    ("treatment", "drugs", "drug_classes", "category"),
    [
        pytest.param("Soma 350mg #60", ("carisoprodol",), ("muscle relaxants",), RELAXANT, id="brand"),
        pytest.param(
            "Vicodin 5/300mg #20", ("hydrocodone", "acetaminophen"), ("opioids",), OPIOID, id="class-of-the-product"
        ),
        pytest.param(
            "Oxycodone 5mg/Acetaminophen 325mg", ("oxycodone", "acetaminophen"), ("opioids",), OPIOID, id="spelled-out"
        ),
        pytest.param("Lorazepam (Ativan) 2mg", ("lorazepam",), ("benzodiazepines",),
                     ("Pharmaceuticals", "Benzodiazepine(s)"), id="brand-in-brackets"),
        pytest.param("Methocarbamol HCL ER 500mg tabs", ("methocarbamol",), ("muscle relaxants",), RELAXANT, id="salt"),
        pytest.param("Cymbalta 60mg", ("duloxetine",), ("antidepressants", "SNRIs"),
                     ("Pharmaceuticals", "Antidepressant"), id="narrow-class"),
        pytest.param("Fentanyl patch 25mcg/hr #10", ("fentanyl",), ("opioids",), OPIOID, id="opioid-patch"),
        pytest.param("Lidocaine 4% patch", ("lidocaine",), ("topical analgesics",), TOPICAL, id="pain-patch"),
        pytest.param("Voltaren gel 1%", ("diclofenac",), ("topical analgesics", "NSAIDs", "topical NSAIDs"), TOPICAL,
                     id="topical-nsaid"),
        pytest.param("Ketamine 10%, Baclofen 2%, Menthol 1% in gel base 120g", ("ketamine", "baclofen", "menthol"),
                     ("topical analgesics", "topical compounds"), COMPOUND, id="compound"),
        pytest.param("Topical compound cream", (), ("topical analgesics", "topical compounds"), COMPOUND,
                     id="class-only"),
        pytest.param("Toradol 60mg IM injection", ("ketorolac",), ("NSAIDs",), ("Pharmaceuticals", "Injection"),
                     id="drug-injected"),
        pytest.param("Orthovisc intra-articular injection, right knee", ("hyaluronate",), ("viscosupplements",),
                     ("Pharmaceuticals", "Viscosupplementation"), id="viscosupplement"),
        pytest.param("Zanaflx 4mg #90", ("tizanidine",), ("muscle relaxants",), RELAXANT, id="one-letter-off"),
        pytest.param("Post surgery Percocet", ("oxycodone", "acetaminophen"), ("opioids",), OPIOID, id="after-surgery"),
        pytest.param("Foobarol 10mg #30", (), (), ("Pharmaceuticals", None), id="unknown-drug"),
    ],
)  # fmt: skip
def test_drugs(treatment, drugs, drug_classes, category):
    derived = item(treatment)
    assert derived.drugs == drugs
    assert derived.drug_classes == drug_classes
    assert (derived.category, derived.subcategory) == category


@pytest.mark.parametrize(
    ("treatment", "category", "subcategory"),
    [
        pytest.param("Post-op physical therapy after knee arthroscopy", *THERAPY, id="first-named-decides"),
        pytest.param("Left knee arthroscopy with physical therapy", "Surgery", "Arthroscopic Surgery", id="surgery"),
        pytest.param("Right rotator cuff repair, arthroscopic", "Surgery", "Arthroscopic Surgery", id="arthroscopic"),
        pytest.param("L4-5 TLIF", "Surgery", "Spine", id="spine"),
        pytest.param("Right L4-L5 transforaminal ESI", "Injection", "Injection", id="epidural"),
        pytest.param("Bilateral C5-6 medial branch block", "Injection", "Facet Injection", id="medial-branch"),
        pytest.param("Trigger point injection with lidocaine", "Injection", "Injection", id="procedure-over-drug"),
        pytest.param("Ultrasound guided injection", "Injection", "Injection", id="guidance-yields"),
        pytest.param("Associated surgical service: Cold therapy unit", "DMEPOS", "DME", id="associated-thing"),
        pytest.param("Associated surgical service: Foobar", "Surgery", "Adjunct Surgical Services", id="associated"),
        pytest.param("Assistant surgeon", "Surgery", "Adjunct Surgical Services", id="assistant"),
        pytest.param("Preoperative medical clearance", "Surgery", "Adjunct Surgical Services", id="clearance"),
        pytest.param("Pre-op labs: PT/PTT", "Diagnostic Testing", "Lab & Pathology", id="pt-of-blood"),
        pytest.param("PT 3x4, right hand", *THERAPY, id="pt-of-therapy"),
        pytest.param("Testosterone level", "Diagnostic Testing", "Lab & Pathology", id="level-of-a-drug"),
        pytest.param("Random urine drug screen", "Diagnostic Testing", "Lab & Pathology", id="drug-screen"),
        pytest.param("NCS/EMG of the left arm", "Diagnostic Testing", "EMG/NCV/NCS", id="electrodiagnostic"),
        pytest.param("Ultrasound of the wrist", "Diagnostic Testing", "Imaging / Radiology", id="ultrasound"),
        pytest.param("Ultrasound 2 times 6", "Rehabilitation", "Other Therapies", id="ultrasound-in-sessions"),
        pytest.param("Sleep study", "Diagnostic Testing", "Other Diagnostic Tests", id="sleep-study"),
        pytest.param("TENS unit with supplies", "DMEPOS", "Electrical Stimulation", id="supplies-yield"),
        pytest.param("LSO brace", "DMEPOS", "Prosthetics/Orthotics", id="brace"),
        pytest.param("Neurosurgeon evaluation", "Evaluation & Management", "Medical Specialties", id="specialist"),
        pytest.param("Consult for spinal fusion", "Evaluation & Management", "Medical Specialties", id="consult"),
        pytest.param("Referral to a chiropractor", "Rehabilitation", "Chiropractic", id="referral-yields"),
        pytest.param("Spine surgery consultation", "Surgery", "Surgical Consult", id="surgical-consult"),
        pytest.param("Psych consult", "Psych Services", "Evaluation & Management", id="psych"),
        pytest.param("Individual psychotherapy", "Psych Services", "Therapies", id="psychotherapy"),
        pytest.param("Home health aide 4 hours/day", "Home Health", None, id="home-health"),
        pytest.param("Gym membership", "Programs", None, id="program"),
        pytest.param("Transportation to physical therapy", "Transportation", None, id="transportation"),
        pytest.param("Foobar of the knee", None, None, id="unknown"),
    ],
)
def test_category(treatment, category, subcategory):
    derived = item(treatment)
    assert (derived.category, derived.subcategory) == (category, subcategory)
    assert derived.category == "Injection" or not derived.drugs


@pytest.mark.parametrize(
    "treatment",
    ["Urine drug testing", "Epidural steroid injection", "Restore function program", "Singular visit", "MS exam"],
)
def test_no_drug(treatment):
    assert item(treatment).drugs == ()


@pytest.mark.parametrize(
    ("treatment", "body_parts"),
    [
        pytest.param("MRI of the low back and neck", ("lumbar spine", "cervical spine"), id="everyday-words"),
        pytest.param("Fusion C5-6", ("cervical spine",), id="level"),
        pytest.param("ESI L5-S1, L4-L5", ("lumbar spine",), id="levels-once"),
        pytest.param("EMG/NCV BLE", ("lower extremity",), id="abbreviation"),
        pytest.param("X-ray of the fingers", ("hand",), id="part-of-the-hand"),
        pytest.param("Physical therapy, upper back", ("thoracic spine",), id="upper-back"),
        pytest.param("Back support", ("lumbar spine",), id="back"),
        pytest.param("Fusion of the lumbar spine", ("lumbar spine",), id="spine-once"),
        pytest.param("Lorzone 375mg by mouth", (), id="by-mouth"),
        pytest.param("Hand held shower", (), id="hand-held"),
    ],
)
def test_body_parts(treatment, body_parts):
    assert item(treatment).body_parts == body_parts


@pytest.mark.parametrize(
    ("treatment", "strength"),
    [
        pytest.param("Norco 5-325 MG", "5/325mg", id="hyphen"),
        pytest.param("Xanax .25mg", "0.25mg", id="leading-zero"),
        pytest.param("Xanax 1.0 mg", "1mg", id="idle-zero"),
        pytest.param("Klonopin .5 #60", None, id="no-unit"),
        pytest.param("Duragesic 12 mcg/hour", "12mcg/hr", id="per-hour"),
        pytest.param("Suboxone 8mg-2mg film", "8/2mg", id="unit-twice"),
        pytest.param("Ketoprofen 10% cream 120g", "10%", id="tube"),
        pytest.param("Ketoprofen 10%, Baclofen 2% cream", None, id="several"),
        pytest.param("Testosterone 200mg/ml", "200mg/ml", id="per-ml"),
    ],
)
def test_strength(treatment, strength):
    assert item(treatment).strength == strength


@pytest.mark.parametrize(
    ("treatment", "quantity"),
    [
        pytest.param("Soma 350mg #60 with 2 refills", 60, id="number-sign"),
        pytest.param("Soma 350mg QTY: 45", 45, id="qty"),
        pytest.param("Soma 350mg, 90 tablets", 90, id="tablets"),
        pytest.param("60 Soma 350mg", 60, id="leading"),
        pytest.param("Soma 350mg take 1 tab twice daily", None, id="how-to-take"),
        pytest.param("Tylenol #3 #30", 30, id="number-in-name"),
        pytest.param("Acupuncture x 6 sessions", 6, id="x-sessions"),
        pytest.param("Ten physical therapy sessions for the hip", 10, id="number-word"),
        pytest.param("Physical therapy, times 9", 9, id="times"),
        pytest.param("Physical therapy 2 times a week for 3 weeks", None, id="no-total"),
        pytest.param("Physical therapy 2 times a week for 3 weeks (6 sessions)", 6, id="total-in-brackets"),
        pytest.param("Physical therapy 2 times a week for 3 weeks (Total 6)", 6, id="total-with-a-capital"),
        pytest.param("Physical therapy 2 times a week for 3 weeks (6)", 6, id="bare-brackets"),
        pytest.param("Physical therapy 2 times 6", None, id="times-without-total"),
        pytest.param("Physical therapy 3 visits per week for 2 weeks", None, id="per-week"),
        pytest.param("Physical therapy 10-14 sessions", None, id="range"),
        pytest.param("two PT sessions for the hip and four PT sessions for the knee", 6, id="sum"),
        pytest.param("6 PT VISITS FOR THE HIP AND 4 PT VISITS FOR THE KNEE", 10, id="sum-in-capitals"),
        pytest.param("2 knee braces", 2, id="things"),
        pytest.param("3 phase bone scan", None, id="measure"),
    ],
)
def test_quantity(treatment, quantity):
    assert item(treatment).quantity == quantity


def test_disputed_part_comes_first():
    derived = item(
        "Soma 350mg #60 was the original request. Soma 350mg #20 was authorized. The remaining Soma 350mg #40 is",
        disputed="Soma 350mg #40",
    )
    assert (derived.drugs, derived.strength, derived.quantity) == (("carisoprodol",), "350mg", 40)
    assert item("Two visits of acupuncture", disputed="two visits").subcategory == "Acupuncture"


def test_rationale_names_the_drug_only_in_its_request():
    rationale = "He takes Norco. The request for Soma 350mg #60 is not supported by its own terms."
    assert item("Medication refill", rationale=rationale).drugs == ("carisoprodol",)
    assert item("Medication refill", rationale="He takes Norco and Soma.").drugs == ()
    assert item("MRI of the hip", rationale=rationale).drugs == ()


@pytest.mark.parametrize(
    ("summary", "age", "sex"),
    [
        pytest.param("The worker is a 62 year old male.", 62, "male", id="plain"),
        pytest.param("The worker is a(n) 59-year-old female.", 59, "female", id="hyphens"),
        pytest.param("This is a 57 y/o F with pain.", 57, "female", id="shorthand"),
        pytest.param("The 48 year old male injured worker fell.", 48, "male", id="before-worker"),
        pytest.param("This involves a now 60-year-old woman. Her husband is a man.", 60, "female", id="first-word"),
        pytest.param("A gentleman aged 45 fell.", 45, "male", id="aged"),
        pytest.param("The worker fell. She was seen. Her back hurt.", None, "female", id="pronouns"),
        pytest.param("The worker fell. She saw him.", None, None, id="pronouns-disagree"),
        pytest.param("A 6 year old injury; 120 years old.", None, None, id="not-an-age"),
        pytest.param("", None, None, id="empty"),
    ],
)
def test_patient(summary, age, sex):
    assert patient_age(summary) == age
    assert patient_sex(summary) == sex
