package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialToolCall;

/** Takes an answer piece by piece. */
interface ReplyListener {

  /** Takes nothing. */
  ReplyListener NONE = new ReplyListener() {};

  /** Takes the next piece of what is said. */
  default void text(String piece) {}

  /** Takes the next piece of what is thought. */
  default void thinking(String piece) {}

  /** Takes the next piece of a call's arguments. */
  default void partialCall(PartialToolCall call) {}

  /** Takes a call whose arguments are all there. */
  default void completeCall(CompleteToolCall call) {}
}
