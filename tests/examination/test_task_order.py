from __future__ import annotations

from forensics.examination.tasks import Task, begun_first


def _range(file: str, index: int) -> Task:
    return Task(name=f"{file}-{index:05d}", parser="pst", files=({"number": file, "size": 9},), range={"part": index})


def test_the_last_range_of_each_file_is_begun_first_and_nothing_is_lost() -> None:
    small = Task(name="000002-to-000003-eml", parser="eml", files=({"number": "000002", "size": 1},))
    tasks = [*(_range("000001", index) for index in range(4)), small, *(_range("000004", index) for index in range(2))]
    names = [task.name for task in begun_first(tasks)]
    assert names[:2] == ["000001-00003", "000004-00001"]
    assert sorted(names) == [task.name for task in tasks]
    assert names[2:] == ["000001-00000", "000001-00001", "000001-00002", small.name, "000004-00000"]
