//! Tables of migrations, tool by tool: what each means for code that does not know it.

use super::*;

use Safety::{DeclaredSafe, Destructive, Safe, Unknown};

fn added(path: &str, text: &str) -> Migration {
    Migration { path: path.to_owned(), fate: Fate::Added, text: Ok(text.to_owned()) }
}

fn safety_of(path: &str, text: &str) -> Safety {
    judge(&[added(path, text)]).safety
}

fn table(path: &str, rows: &[(Safety, &str)]) {
    for (expected, text) in rows {
        let judged = judge(&[added(path, text)]);
        assert_eq!(judged.safety, *expected, "{path}: {text}: {:?}", judged.worst);
    }
}

#[test]
fn drizzle() {
    table(
        "drizzle/0007_change.sql",
        &[
            (Safe, ""),
            (Safe, "-- nothing\n"),
            (Safe, "CREATE TABLE \"a\" (\"id\" serial PRIMARY KEY NOT NULL, \"b\" text);"),
            (Safe, "CREATE TABLE IF NOT EXISTS \"a\" (\"id\" serial PRIMARY KEY);"),
            (Safe, "ALTER TABLE \"a\" ADD COLUMN \"b\" text;"),
            (Safe, "ALTER TABLE \"a\" ADD COLUMN \"b\" text DEFAULT 'x' NOT NULL;"),
            (Safe, "ALTER TABLE \"a\" ADD COLUMN \"b\" serial NOT NULL;"),
            (Safe, "CREATE UNIQUE INDEX \"i\" ON \"a\" USING btree (\"b\");"),
            (Safe, "CREATE TYPE \"public\".\"mood\" AS ENUM('sad', 'ok');"),
            (Safe, "ALTER TYPE \"public\".\"mood\" ADD VALUE 'happy';"),
            (
                Safe,
                "CREATE TABLE \"n\" (\"id\" int);\n--> statement-breakpoint\nALTER TABLE \"n\" ADD CONSTRAINT \"f\" FOREIGN KEY (\"id\") REFERENCES \"a\"(\"id\") ON DELETE no action;",
            ),
            (Unknown, "ALTER TABLE \"a\" ADD CONSTRAINT \"u\" UNIQUE(\"b\");"),
            (
                Unknown,
                "DO $$ BEGIN\n ALTER TABLE \"a\" ADD CONSTRAINT \"f\" FOREIGN KEY (\"b\") REFERENCES \"c\"(\"id\");\nEXCEPTION WHEN duplicate_object THEN null;\nEND $$;",
            ),
            (Destructive, "ALTER TABLE \"orders\" DROP COLUMN \"coupon_code\";"),
            (Destructive, "ALTER TABLE \"orders\" DROP COLUMN IF EXISTS \"coupon_code\";"),
            (Destructive, "ALTER TABLE \"a\" RENAME COLUMN \"b\" TO \"c\";"),
            (Destructive, "ALTER TABLE \"a\" RENAME TO \"c\";"),
            (Destructive, "ALTER TABLE \"a\" ALTER COLUMN \"b\" SET DATA TYPE integer;"),
            (Destructive, "ALTER TABLE \"a\" ALTER COLUMN \"b\" SET NOT NULL;"),
            (Destructive, "ALTER TABLE \"a\" ADD COLUMN \"b\" text NOT NULL;"),
            (Destructive, "DROP TABLE \"a\" CASCADE;"),
            (Destructive, "DROP TYPE \"public\".\"mood\";"),
            (
                Destructive,
                "ALTER TABLE `users` ADD `age` integer;--> statement-breakpoint\nALTER TABLE `users` DROP COLUMN `name`;",
            ),
            (Safe, "ALTER TABLE `users` ADD `age` integer;"),
            (
                Unknown,
                "CREATE TABLE `__new_users` (`id` integer PRIMARY KEY, `name` text);\nINSERT INTO `__new_users`(`id`, `name`) SELECT `id`, `name` FROM `users`;\nDROP TABLE `users`;\nALTER TABLE `__new_users` RENAME TO `users`;",
            ),
        ],
    );
}

#[test]
fn prisma() {
    table(
        "prisma/migrations/20261120_change/migration.sql",
        &[
            (
                Safe,
                "-- CreateTable\nCREATE TABLE \"A\" (\n  \"id\" SERIAL NOT NULL,\n  CONSTRAINT \"A_pkey\" PRIMARY KEY (\"id\")\n);",
            ),
            (Safe, "-- CreateIndex\nCREATE INDEX \"A_b_idx\" ON \"A\"(\"b\");"),
            (Safe, "-- DropIndex\nDROP INDEX \"A_b_idx\";"),
            (
                Safe,
                "-- AlterTable\nALTER TABLE \"A\" ADD COLUMN \"b\" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;",
            ),
            (
                Safe,
                "-- AlterTable\nALTER TABLE \"A\" ADD COLUMN \"b\" JSONB,\nADD COLUMN \"c\" TEXT[];",
            ),
            (Safe, "-- AlterTable\nALTER TABLE \"A\" ALTER COLUMN \"b\" DROP NOT NULL;"),
            (
                Unknown,
                "-- AddForeignKey\nALTER TABLE \"A\" ADD CONSTRAINT \"f\" FOREIGN KEY (\"b\") REFERENCES \"B\"(\"id\") ON DELETE RESTRICT ON UPDATE CASCADE;",
            ),
            (Safe, "-- DropForeignKey\nALTER TABLE \"A\" DROP CONSTRAINT \"f\";"),
            (
                Destructive,
                "/*\n  Warnings:\n  - You are about to drop the column.\n*/\n-- AlterTable\nALTER TABLE \"A\" DROP COLUMN \"b\",\nADD COLUMN \"c\" TEXT;",
            ),
            (Destructive, "-- DropTable\nDROP TABLE \"A\";"),
            (Destructive, "ALTER TABLE \"A\" ALTER COLUMN \"b\" SET DATA TYPE BIGINT;"),
            (Destructive, "ALTER TABLE `A` MODIFY `b` VARCHAR(20) NOT NULL;"),
            (Destructive, "ALTER TABLE `A` CHANGE `b` `c` INTEGER;"),
            (Safe, "ALTER TABLE `A` ADD COLUMN `b` INTEGER NULL;"),
            (Safe, "ALTER TABLE `A` ADD COLUMN `id` INTEGER NOT NULL DEFAULT 0;"),
        ],
    );
}

#[test]
fn sqlx_and_plain_sql() {
    table(
        "migrations/20261120_change.sql",
        &[
            (Safe, "INSERT INTO a (b) VALUES ('; DROP TABLE a;');"),
            (Safe, "UPDATE a SET b = 1 WHERE c IS NULL;"),
            (Safe, "DELETE FROM a WHERE b < now();"),
            (Destructive, "DELETE FROM a;"),
            (Destructive, "TRUNCATE TABLE a;"),
            (Destructive, "TRUNCATE a, b CASCADE;"),
            (Safe, "CREATE VIEW v AS SELECT 1;"),
            (Unknown, "CREATE OR REPLACE VIEW v AS SELECT 1;"),
            (Destructive, "DROP VIEW v;"),
            (Destructive, "DROP MATERIALIZED VIEW v;"),
            (Destructive, "DROP SCHEMA s CASCADE;"),
            (Destructive, "DROP SEQUENCE s;"),
            (Unknown, "DROP FUNCTION f();"),
            (Safe, "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\";"),
            (Safe, "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql;"),
            (
                Unknown,
                "CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql;",
            ),
            (Safe, "COMMENT ON TABLE a IS 'x';"),
            (Safe, "BEGIN; ALTER TABLE a ADD COLUMN b int; COMMIT;"),
            (Safe, "SET lock_timeout = '5s'; CREATE INDEX CONCURRENTLY i ON a (b);"),
            (Safe, "ALTER TABLE a ALTER COLUMN b SET DEFAULT 3;"),
            (Unknown, "ALTER TABLE a ALTER COLUMN b DROP DEFAULT;"),
            (Unknown, "ALTER TABLE a ADD COLUMN b text UNIQUE;"),
            (Unknown, "ALTER TABLE a OWNER TO somebody;"),
            (Destructive, "CREATE TABLE t (a int); DROP TABLE other;"),
            (Safe, "CREATE TABLE t (a int); DROP TABLE t;"),
            (Destructive, "CREATE TABLE IF NOT EXISTS t (a int); DROP TABLE t;"),
            (Destructive, "drop/* now */table\n a"),
            (Destructive, "ALTER TABLE ONLY public.a DROP b"),
            (Destructive, "RENAME TABLE a TO b;"),
            (Unknown, "this is no SQL"),
            (Unknown, "SELECT 'never closed"),
            (Unknown, "EXEC sp_rename 'a.b', 'c', 'COLUMN';"),
            (Destructive, "/*!50003 DROP TABLE a */;\nSELECT 1"),
        ],
    );
}

#[test]
fn flyway_runs_what_goes_forward_and_not_what_goes_back() {
    let drop = "DROP TABLE a;";
    assert_eq!(safety_of("db/migration/V7__drop.sql", drop), Destructive);
    assert_eq!(safety_of("db/migration/R__views.sql", drop), Destructive);
    assert_eq!(safety_of("db/migration/U7__undo.sql", drop), Safe);
    assert_eq!(safety_of("db/migration/Users__x.sql", drop), Destructive);
    assert_eq!(safety_of("migrations/7_drop.down.sql", drop), Safe);
    assert_eq!(safety_of("migrations/7_drop.up.sql", drop), Destructive);
    assert_eq!(safety_of("src/db/migration/V8__Code.java", "class V8__Code {}"), Unknown);
}

#[test]
fn rails() {
    let in_change = |body: &str| {
        format!(
            "# frozen_string_literal: true\n\nclass Change < ActiveRecord::Migration[8.0]\n  def change\n    {body}\n  end\nend\n"
        )
    };
    let rows = [
        (Safe, "add_column :users, :age, :integer"),
        (Safe, "add_column :users, :age, :integer, null: false, default: 0"),
        (Safe, "add_column(:users, :age, :integer)"),
        (Safe, "add_index :users, :age, unique: true"),
        (Safe, "remove_index :users, :age"),
        (Safe, "add_reference :users, :team"),
        (Safe, "change_column_null :users, :age, true"),
        (Safe, "change_column_default :users, :age, from: 0, to: 1"),
        (
            Safe,
            "create_table :pets do |t|\n      t.string :name, null: false\n      t.timestamps\n    end",
        ),
        (
            Safe,
            "create_table :pets do |t|\n      t.string :name\n    end\n    add_foreign_key :pets, :users\n    remove_column :pets, :name",
        ),
        (Safe, "change_table :users do |t|\n      t.string :nick\n    end"),
        (Safe, "execute \"CREATE INDEX i ON users (age)\""),
        (Unknown, "add_foreign_key :pets, :users"),
        (Unknown, "User.update_all(age: 1)"),
        (Unknown, "execute <<~SQL\n      DROP TABLE users\n    SQL"),
        (Unknown, "execute \"DROP TABLE #{name}\""),
        (Unknown, "reversible { |dir| dir.up { drop_everything } }"),
        (Unknown, "add_column :users, :age,\n      :integer, null: false"),
        (Unknown, "add_column :users, :age, :integer if ready?"),
        (Destructive, "add_column :users, :age, :integer, null: false"),
        (Destructive, "remove_column :users, :name, :string"),
        (Destructive, "remove_columns :users, :a, :b"),
        (Destructive, "rename_column :users, :name, :nick"),
        (Destructive, "rename_table :users, :people"),
        (Destructive, "drop_table :users"),
        (Destructive, "change_column :users, :age, :bigint"),
        (Destructive, "change_column_null :users, :age, false"),
        (Destructive, "remove_reference :users, :team"),
        (Destructive, "create_table :users, force: true do |t|\n    end"),
        (Destructive, "change_table :users do |t|\n      t.remove :name\n    end"),
        (Destructive, "change_table :users do |t|\n      t.rename :name, :nick\n    end"),
        (Destructive, "execute \"ALTER TABLE users DROP COLUMN name\""),
        (DeclaredSafe, "# repoint: safe, unused since May\n    remove_column :users, :name"),
        (DeclaredSafe, "remove_column :users, :name # repoint: safe"),
        (Destructive, "remove_column :users, :a # repoint: safe\n    remove_column :users, :b"),
    ];
    for (expected, body) in rows {
        let path = "db/migrate/20261120_change.rb";
        assert_eq!(safety_of(path, &in_change(body)), expected, "{body}");
    }
}

#[test]
fn the_way_back_of_a_rails_migration_is_not_run() {
    let text = "class A < ActiveRecord::Migration[8.0]\n  def up\n    add_column :a, :b, :text\n  end\n\n  def down\n    if true\n      drop_table :a\n    end\n    remove_column :a, :b\n  end\nend\n";
    assert_eq!(safety_of("db/migrate/1_a.rb", text), Safe);
}

#[test]
fn the_schema_as_rails_writes_it_down_is_explained_by_its_migrations() {
    let dump = added("db/structure.sql", "CREATE TABLE a (b int);");
    assert_eq!(judge(std::slice::from_ref(&dump)).safety, Unknown);
    let migration = added("db/migrate/1_a.rb", "add_column :a, :b, :text");
    assert_eq!(judge(&[dump, migration]).safety, Safe);
}

#[test]
fn a_declaration_is_about_one_statement_and_hides_no_other() {
    let drop = "ALTER TABLE a DROP COLUMN b;";
    let rows = [
        (DeclaredSafe, format!("-- repoint: safe, nothing reads it since #90\n{drop}")),
        (DeclaredSafe, format!("{drop} -- repoint: safe")),
        (DeclaredSafe, format!("/* repoint: safe */ {drop}")),
        (Destructive, format!("-- repoint: safe\n{drop}\nDROP TABLE c;")),
        (Destructive, format!("{drop} -- repoint: safe\nDROP TABLE c;")),
        (Destructive, format!("{drop}\n-- repoint: safe\n")),
        (Destructive, format!("-- this is not repoint: safe\n{drop}")),
        (Destructive, format!("SELECT '-- repoint: safe';\n{drop}")),
        (DeclaredSafe, "-- repoint: safe\nwhatever this is".to_owned()),
    ];
    for (expected, text) in rows {
        assert_eq!(safety_of("migrations/1.sql", &text), expected, "{text}");
    }
}

#[test]
fn the_worst_is_kept_with_its_file_line_and_statement() {
    let fine = added("drizzle/0001_a.sql", "CREATE TABLE a (b int);");
    let unclear = added("drizzle/0002_b.sql", "ALTER TABLE x OWNER TO y;");
    let text = "-- a comment; with a semicolon\n\nALTER TABLE \"a\" ADD COLUMN \"c\" text;\n--> statement-breakpoint\nALTER TABLE\n  \"orders\"\n  DROP COLUMN \"coupon\" /* why */;\n";
    let judged = judge(&[fine, unclear, added("drizzle/0003_c.sql", text)]);
    let worst = judged.worst.expect("a finding");
    assert_eq!((judged.safety, judged.files), (Destructive, 3));
    assert_eq!((worst.path.as_str(), worst.line), ("drizzle/0003_c.sql", Some(5)));
    assert_eq!(worst.statement, "ALTER TABLE \"orders\" DROP COLUMN \"coupon\"");
    assert_eq!(worst.why, "a column is dropped");
}

#[test]
fn what_happened_to_the_file_itself_counts() {
    let with = |fate, text: &str| Migration { fate, ..added("migrations/1.sql", text) };
    assert_eq!(judge(&[with(Fate::Changed, "SELECT 1")]).safety, Unknown);
    assert_eq!(judge(&[with(Fate::Changed, "DROP TABLE a")]).safety, Destructive);
    assert_eq!(judge(&[with(Fate::Removed, "")]).safety, Unknown);
    let unreadable = Migration { text: Err("no answer".to_owned()), ..with(Fate::Added, "") };
    let judged = judge(&[unreadable]);
    assert_eq!((judged.safety, judged.worst.expect("why").why), (Unknown, "no answer".to_owned()));
    assert_eq!(judge(&[]), Judgement { safety: Safe, files: 0, worst: None });
}

#[test]
fn a_huge_or_hostile_text_is_unknown_and_takes_no_deep_breath() {
    let on_a_small_stack = |text: String, expected| {
        let judged = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || safety_of("migrations/1.sql", &text))
            .unwrap();
        assert_eq!(judged.join().expect("it does not overflow"), expected);
    };
    on_a_small_stack("(".repeat(LONGEST_TEXT), Unknown);
    on_a_small_stack(format!("SELECT {}1", "(".repeat(900)), Unknown);
    on_a_small_stack(format!("SELECT {}1", "NOT ".repeat(1_900)), Unknown);
    on_a_small_stack(format!("SELECT 1{}", "+1".repeat(30_000)), Unknown);
    on_a_small_stack(format!("SELECT 1{}", "+1".repeat(990)), Safe);
    on_a_small_stack(format!("SELECT 1{}", " UNION SELECT 1".repeat(600)), Safe);
    on_a_small_stack("SELECT 1;".repeat(600), Unknown);
    on_a_small_stack("x".repeat(LONGEST_TEXT + 1), Unknown);
    on_a_small_stack(format!("DROP TABLE a;{}", "SELECT 1;".repeat(600)), Destructive);
    on_a_small_stack("\0\u{202e}<!channel> DROP".to_owned(), Unknown);
    let many: Vec<_> = (0..30).map(|n| added(&format!("migrations/{n}.sql"), "SELECT 1")).collect();
    assert_eq!(judge(&many).safety, Unknown);
    let statement = format!("ALTER TABLE a DROP COLUMN {}", "b".repeat(5_000));
    let worst = judge(&[added("migrations/1.sql", &statement)]).worst.expect("a finding");
    assert!(worst.statement.chars().count() <= LONGEST_STATEMENT + 1);
}

#[test]
fn the_usual_places_are_known_and_others_can_be_named() {
    let usual = Paths::default();
    for path in [
        "drizzle/0001_a.sql",
        "packages/db/drizzle/0001_a.sql",
        "prisma/migrations/2026_a/migration.sql",
        "migrations/2026_a.up.sql",
        "crates/api/migrations/1.sql",
        "src/main/resources/db/migration/V1__a.sql",
        "src/main/java/db/migration/V2__b.java",
        "db/migrate/2026_a.rb",
        "db/structure.sql",
        "app/migrations/0002_auto.py",
    ] {
        assert!(usual.has(path), "{path}");
    }
    for path in [
        "drizzle/meta/_journal.json",
        "src/drizzle.sql",
        "README.md",
        "migrations/README.md",
        "app/migrations/deep/helper.py",
        "db/migrate/notes.txt",
    ] {
        assert!(!usual.has(path), "{path}");
    }
    let own = Paths::parse(&["sql/**/v*_*.{sql,psql}".to_owned()]).unwrap();
    assert!(own.has("sql/a/b/v1_x.sql") && own.has("sql/v1_x.psql"));
    assert!(!own.has("sql/a/1_x.sql") && !own.has("other/sql/v1_x.sql"));
    for wrong in ["", "/etc/*.sql", "a\\b", &"{a,b}".repeat(9)] {
        assert!(Paths::parse(&[wrong.to_owned()]).is_err(), "{wrong}");
    }
    // No pattern takes long, whatever the path.
    let slow = Paths::parse(&["**/*a*a*a*a*a*a*b".to_owned()]).unwrap();
    assert!(!slow.has(&"a/".repeat(200)) && !slow.has(&"a".repeat(2_000)));
}
