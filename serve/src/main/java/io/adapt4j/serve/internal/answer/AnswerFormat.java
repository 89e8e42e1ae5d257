package io.adapt4j.serve.internal.answer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.serve.internal.http.Usage;
import java.util.List;
import java.util.Optional;

/** Format of answers, as a whole or as chunks of a stream. */
public interface AnswerFormat {

  /** All answers. */
  ObjectNode whole(List<Generation> answers, Usage usage);

  /** The chunk before the text of a choice, if there is one. */
  Optional<ObjectNode> first(int choice);

  /** A piece of the text of a choice. */
  ObjectNode piece(int choice, Piece piece);

  /** The chunk after the text of a choice; rest are tokens without further text. */
  ObjectNode last(int choice, Generation answer, List<TokenLogprobs> rest);

  /** The chunk after all choices. */
  ObjectNode usage(Usage usage);

  /**
   * Finish reason as in OpenAI's API; an answer that ran out of time is also cut ({@code length}).
   */
  static String finishReason(Generation answer) {
    return switch (answer.finishReason()) {
      case LENGTH, CONTEXT_LENGTH, CANCELLED -> "length";
      case CONTENT_FILTER -> "content_filter";
      case EOS, STOP, STOP_STRING, STOP_ID, OTHER -> "stop";
    };
  }
}
