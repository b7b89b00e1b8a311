"""Papers for signature and for court, filled from the ledger; what is missing stands out as missing in each of them."""

from forensics.reports.papers.acquisition_report import AcquisitionReport
from forensics.reports.papers.action_checklist import ActionChecklist
from forensics.reports.papers.certificates import Certificate13, Certificate14
from forensics.reports.papers.custody_form import CustodyForm
from forensics.reports.papers.deletion_request import DeletionRequest
from forensics.reports.papers.exhibit_pages import ExhibitPages, RedactedPages, RedactionKey
from forensics.reports.papers.exhibits import ExhibitList
from forensics.reports.papers.interview_sheets import InterviewSheets
from forensics.reports.papers.investigation_report import InvestigationReport
from forensics.reports.papers.leak_report import LeakReport
from forensics.reports.papers.person_notice import PersonNotice
from forensics.reports.papers.ppc_report import PpcReport, PpcReportFinal
from forensics.reports.papers.prevention_table import PreventionTable
from forensics.reports.papers.statement import Statement

__all__ = [
    "AcquisitionReport",
    "ActionChecklist",
    "Certificate13",
    "Certificate14",
    "CustodyForm",
    "DeletionRequest",
    "ExhibitList",
    "ExhibitPages",
    "InterviewSheets",
    "InvestigationReport",
    "LeakReport",
    "PersonNotice",
    "PpcReport",
    "PpcReportFinal",
    "PreventionTable",
    "RedactedPages",
    "RedactionKey",
    "Statement",
]
