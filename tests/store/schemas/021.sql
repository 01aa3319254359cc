CREATE INDEX conversations_by_waiting ON conversations
            (status, waiting_since IS NULL, waiting_since, last_message, assignee, channel, language);
