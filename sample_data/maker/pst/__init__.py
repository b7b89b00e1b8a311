"""Changes a writer-made Outlook store as Outlook does; written from [MS-PST] alone, without the reader.

The sample's archive is made with it, and so is the ground truth of the tests.
"""
