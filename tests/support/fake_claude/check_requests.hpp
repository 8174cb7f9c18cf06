#pragma once
// check_requests: the rules of the API by hand, to compare their evaluators.

namespace fake_claude {

/// Reads lines {"body":…,"betas":[…]} from stdin and writes for each the refusal or null, with the
/// rules that are off. Gives the exit code.
int check_requests();

} // namespace fake_claude
