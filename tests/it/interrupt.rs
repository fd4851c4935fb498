//! Signals: the run ends at once and cleans up after itself.

use crate::support::{Child, Lab};

const WAITING: &str = r#"
    let folder = file::temp_folder();
    file::write_text(folder + "/a.txt", "a");
    print("ready");
    try { sleep("10 minutes") } catch { print("caught") }
    print("went on");
"#;

fn waiting() -> Child {
    let mut child = Lab::new().script(WAITING).start();
    child.says("ready");
    assert_eq!(std::fs::read_dir(child.temporary()).unwrap().count(), 1);
    child
}

#[test]
fn ctrl_c_ends_a_run_with_130() {
    let mut child = waiting();
    child.interrupt();
    let done = child.end(130);
    assert_eq!(done.stdout, "ready\n");
    assert!(done.stderr.contains("interrupted"), "{}", done.stderr);
    done.left_nothing_temporary();
}

#[test]
fn being_told_to_end_is_143() {
    let mut child = waiting();
    child.terminate();
    child.end(143).left_nothing_temporary();
}

#[test]
fn a_busy_script_is_stopped_too() {
    let mut child = Lab::new()
        .eval("print(1); loop { try { loop {} } catch {} }")
        .start();
    child.says("1\n").interrupt();
    child.end(130);
}
