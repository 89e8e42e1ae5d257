package io.adapt4j.rag.retrieve;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** Query expansion by paraphrases written by a generator. */
record MultiQuery(TextGenerator generator, int paraphrases) implements QueryExpansion {

  private static final int TOKENS_EACH = 60;

  MultiQuery {
    Objects.requireNonNull(generator, "generator");
    if (paraphrases < 1) {
      throw new IllegalArgumentException("paraphrases must be at least 1, found " + paraphrases);
    }
  }

  @Override
  public List<SearchText> searches(String question) {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().maxNewTokens(paraphrases * TOKENS_EACH).build();
    String answer =
        generator
            .generate(
                List.of(
                    ChatMessage.system(
                        "You write the user's question in "
                            + paraphrases
                            + " other paraphrases, to search documents with. Write one a line and"
                            + " nothing else. Do not answer the question."),
                    ChatMessage.user(question)),
                options)
            .text();
    Set<String> questions = new LinkedHashSet<>();
    questions.add(question);
    answer
        .lines()
        .map(MultiQuery::withoutNumber)
        .filter(line -> !line.isBlank())
        .limit(paraphrases)
        .forEach(questions::add);
    return questions.stream().map(SearchText::of).toList();
  }

  private static String withoutNumber(String line) {
    return line.strip().replaceFirst("^(\\d{1,2}[.):]|[-*•])\\s+", "").strip();
  }
}
