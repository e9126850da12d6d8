use std::fs;

/// A process and those that it started, and those that they started. The first one is itself.
pub fn family(process: u32) -> Vec<u32> {
    let mut members = vec![process];
    let mut at = 0;
    while let Some(&member) = members.get(at) {
        members.extend(children(member));
        at += 1;
    }
    members
}

/// A process that ends meanwhile has none.
fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            let numbers = list.split_whitespace().filter_map(|it| it.parse().ok());
            numbers.collect::<Vec<u32>>()
        })
        .collect()
}
