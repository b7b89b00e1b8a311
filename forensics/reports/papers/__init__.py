"""Papers for signature and for court, filled from the ledger; what is missing stands out as missing in each of them."""

from forensics.reports.papers.acquisition_report import AcquisitionReport
from forensics.reports.papers.certificates import Certificate13, Certificate14
from forensics.reports.papers.custody_form import CustodyForm
from forensics.reports.papers.exhibits import ExhibitList
from forensics.reports.papers.statement import Statement

__all__ = [
    "AcquisitionReport",
    "Certificate13",
    "Certificate14",
    "CustodyForm",
    "ExhibitList",
    "Statement",
]
