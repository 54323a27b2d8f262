-- Up to forty parts of like size become one: ten minutes of load are written again 1.6 times, not 1.9 (ADR 033).
ALTER TABLE documents MODIFY SETTING merge_selector_base = 40;
ALTER TABLE spans MODIFY SETTING merge_selector_base = 40;
