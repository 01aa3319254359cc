CREATE TRIGGER credit_entries_never_change BEFORE UPDATE ON credit_entries
        BEGIN SELECT RAISE(ABORT, 'credit entries are never changed'); END;
CREATE TRIGGER credit_entries_never_go BEFORE DELETE ON credit_entries
        BEGIN SELECT RAISE(ABORT, 'credit entries are never deleted'); END;
CREATE TRIGGER credit_entries_never_give_way BEFORE INSERT ON credit_entries
        WHEN EXISTS (
            SELECT 1 FROM credit_entries
            WHERE id = NEW.id OR key = NEW.key OR reverses = NEW.reverses
               OR hash = NEW.hash OR previous_hash = NEW.previous_hash
        )
        BEGIN SELECT RAISE(ABORT, 'this credit entry exists already'); END;
CREATE TRIGGER credit_entries_charge_once BEFORE INSERT ON credit_entries
        WHEN NEW.kind = 'charge' AND EXISTS (
            SELECT 1 FROM credit_entries AS charge
            WHERE charge.conversation = NEW.conversation AND charge.kind = 'charge'
              AND NOT EXISTS (SELECT 1 FROM credit_entries AS reversal WHERE reversal.reverses = charge.id)
        )
        BEGIN SELECT RAISE(ABORT, 'the conversation has a charge that is not reversed'); END;
CREATE TRIGGER credit_entries_reverse_in_full BEFORE INSERT ON credit_entries
        WHEN NEW.kind = 'reversal' AND NOT EXISTS (
            SELECT 1 FROM credit_entries
            WHERE id = NEW.reverses AND kind = 'charge' AND conversation = NEW.conversation AND amount = -NEW.amount
        )
        BEGIN SELECT RAISE(ABORT, 'a reversal gives back one charge of its conversation in full'); END;
CREATE TRIGGER credit_entries_keep_the_chain AFTER INSERT ON credit_entries
        WHEN NEW.id <> (SELECT max(id) FROM credit_entries)
          OR NEW.previous_hash <> coalesce(
              (SELECT hash FROM credit_entries WHERE id < NEW.id ORDER BY id DESC LIMIT 1), '')
        BEGIN SELECT RAISE(ABORT, 'a credit entry names the hash of the one before'); END;
