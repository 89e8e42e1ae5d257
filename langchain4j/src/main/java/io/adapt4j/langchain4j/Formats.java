package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.request.ResponseFormat;
import io.adapt4j.core.generate.GenerationOptions;

/** Forms of answers as constraints of generation. */
final class Formats {

  private Formats() {}

  /** Options that hold an answer to a format. */
  static GenerationOptions options(ResponseFormat format, GenerationOptions options) {
    if (format.equals(ResponseFormat.TEXT)) {
      return options;
    }
    throw Requests.unsupported("JSON response format");
  }
}
