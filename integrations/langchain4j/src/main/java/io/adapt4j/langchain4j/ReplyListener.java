package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialToolCall;

/** Receives a streamed answer. */
interface ReplyListener {

  /** Ignores everything. */
  ReplyListener NONE = new ReplyListener() {};

  /** Receives the next piece of the text. */
  default void text(String piece) {}

  /** Receives the next piece of the thoughts. */
  default void thinking(String piece) {}

  /** Receives the next piece of a call's arguments. */
  default void partialCall(PartialToolCall call) {}

  /** Receives a call with complete arguments. */
  default void completeCall(CompleteToolCall call) {}
}
