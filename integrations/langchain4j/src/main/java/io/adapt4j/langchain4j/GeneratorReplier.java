package io.adapt4j.langchain4j;

import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ToolChoice;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import java.util.List;

/** A replier with a plain text generator, without tools and formats. */
record GeneratorReplier(TextGenerator generator) implements Replier {

  @Override
  public void check(Question question) {
    if (!question.pictures().isEmpty()) {
      throw Requests.unsupported("image contents");
    }
    if (!question.tools().isEmpty()) {
      throw Requests.unsupported(
          question.choice() == ToolChoice.REQUIRED ? "tools with ToolChoice.REQUIRED" : "tools");
    }
    if (!question.format().equals(ResponseFormat.TEXT)) {
      throw Requests.unsupported("JSON response format");
    }
  }

  @Override
  public Reply reply(Question question, ReplyListener listener, CancellationToken cancellation) {
    GeneratedText answer =
        generator.stream(question.messages(), question.options(), listener::text, cancellation);
    return new Reply(
        answer.text(), "", List.of(), Answers.reason(answer.finishReason()), answer.usage());
  }

  @Override
  public boolean knowsSchemas() {
    return false;
  }
}
