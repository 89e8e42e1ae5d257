package io.adapt4j.rag.retrieve;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import java.util.List;
import java.util.Objects;

/** HyDE: a hypothetical answer passage written by a generator. */
record Hyde(TextGenerator generator) implements QueryExpansion {

  private static final int MOST_TOKENS = 160;

  Hyde {
    Objects.requireNonNull(generator, "generator");
  }

  @Override
  public List<SearchText> searches(String question) {
    String passage =
        generator
            .generate(
                List.of(
                    ChatMessage.system(
                        "You write a short passage, as it might stand in a document, that answers"
                            + " the user's question. Write the passage and nothing else."),
                    ChatMessage.user(question)),
                GenerationOptions.greedy().toBuilder().maxNewTokens(MOST_TOKENS).build())
            .text()
            .strip();
    return List.of(new SearchText(question, passage.isEmpty() ? List.of() : List.of(passage)));
  }
}
