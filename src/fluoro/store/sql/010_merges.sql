-- Forty parts of like size become one, or fewer when there are many: rows are written again less often
-- (ADR 034).
ALTER TABLE documents MODIFY SETTING merge_selector_base = 40;
ALTER TABLE spans MODIFY SETTING merge_selector_base = 40;
