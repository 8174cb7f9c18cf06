#pragma once
// open_calls: which result belongs to which call, where a dialogue goes on. Pure.

#include "domain/dialogue/prefix_index.hpp"
#include "domain/result.hpp"

#include <span>
#include <string>
#include <vector>

namespace ccapi::domain {

/// What new messages of a named conversation bring, or owe, to the calls that its dialogue ends
/// with: puts the results that `messages` begin with into the order of the calls at the end of
/// `head`. A result goes by its call's id, one of `call_ids`, or without one by order. A message
/// without any tells each call that it was not answered. Results behind no call become what the
/// user says and shows: true then. Fails with: invalid_request, naming the calls, where some are
/// missing, or belong to no call, or where nothing but results of calls is said that are not open.
/// `messages`: not empty.
result<bool> settle_open_calls(const dialogue& head, std::span<const std::string> call_ids,
                               std::vector<message>& messages);

/// The ids of the calls that a message ends with.
std::vector<std::string> ids_of_calls(const message& what);

/// Those of `told`, where `known`, the same message, has others; else none.
std::vector<std::string> other_ids_of_calls(const message& told, const message& known);

/// Gives the calls of `what` these ids, in order.
void set_ids_of_calls(message& what, std::span<const std::string> ids);

/// Gives the results of `next`, which stand in the order of the calls, the ids of the calls that
/// `before` ends with. Costs a message without results nothing.
void give_ids_of_calls(const dialogue_node& before, message& next);

/// Gives the calls of `next` ids that no other call of the dialogue has, made of their place; and
/// its results those of their calls. So an answer's calls keep the ids that the API gave them,
/// whatever a client makes of them, and ids that clients give twice, or not at all, mix up nothing:
/// CLIs from 2.1.330 on leave out a result whose call's id is `X_` and digits, if `X` is the id of
/// another call. Costs a message without calls and results nothing.
void give_own_ids(const dialogue_node& before, message& next);

} // namespace ccapi::domain
