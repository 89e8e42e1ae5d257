package io.adapt4j.spring.ai;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A replier with a plain text generator, without tools and schemas. */
record GeneratorReplier(Supplier<? extends TextGenerator> generator) implements Replier {

  @Override
  public Reply reply(Question question, Consumer<String> onText, CancellationToken cancellation) {
    if (!question.tools().isEmpty()) {
      throw Requests.unsupported("tools");
    }
    if (question.schema().isPresent()) {
      throw Requests.unsupported("a schema of the output");
    }
    Requests.refusePictures(question);
    GeneratedText answer =
        generator.get().stream(question.messages(), question.options(), onText, cancellation);
    return new Reply(
        answer.text(), "", List.of(), Responses.reason(answer.finishReason()), answer.usage());
  }
}
