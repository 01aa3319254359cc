CREATE VIRTUAL TABLE message_words USING fts5(
            text, content = 'messages', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 2"
        );
CREATE TABLE 'message_words_data'(id INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE 'message_words_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE 'message_words_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE 'message_words_config'(k PRIMARY KEY, v) WITHOUT ROWID;
