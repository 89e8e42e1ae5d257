package io.adapt4j.core.augment;

import com.google.common.collect.ListMultimap;
import com.google.common.collect.MultimapBuilder;
import com.google.common.collect.Multimaps;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.RequestRefusedException;
import io.adapt4j.core.text.TextGenerator;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends many requests to a generator, continuing after refused ones. */
final class RequestRunner {

  /** Number of refusals without any answer after which the settings are considered wrong. */
  private static final int MOST_REFUSALS = 20;

  private final TextGenerator generator;
  private final Counts counts;
  private int refusals;
  private boolean answered;

  RequestRunner(TextGenerator generator, Counts counts) {
    this.generator = generator;
    this.counts = counts;
  }

  record Question(List<ChatMessage> messages, long seed) {

    Question(String prompt, long seed) {
      this(List.of(ChatMessage.user(prompt)), seed);
    }
  }

  /** An answer, or the reason why there is none. */
  record Outcome(@Nullable GeneratedText answer, String refusal) {}

  /** Returns the outcomes of requests, in their order. */
  List<Outcome> ask(List<Question> questions, GenerationOptions options) {
    ListMultimap<Long, Integer> bySeed = MultimapBuilder.treeKeys().arrayListValues().build();
    for (int i = 0; i < questions.size(); i++) {
      bySeed.put(questions.get(i).seed(), i);
    }
    Outcome[] outcomes = new Outcome[questions.size()];
    Multimaps.asMap(bySeed)
        .forEach(
            (seed, numbers) -> {
              List<List<ChatMessage>> talks =
                  numbers.stream().map(number -> questions.get(number).messages()).toList();
              Outcome[] some = batch(talks, options.toBuilder().seed(seed).build());
              for (int i = 0; i < some.length; i++) {
                outcomes[numbers.get(i)] = some[i];
              }
            });
    return Arrays.asList(outcomes);
  }

  private Outcome[] batch(List<List<ChatMessage>> talks, GenerationOptions options) {
    Outcome[] outcomes = new Outcome[talks.size()];
    try {
      generator.generateAll(
          talks, options, (number, answer) -> outcomes[number] = answered(answer));
    } catch (RequestRefusedException e) {
      for (int i = 0; i < outcomes.length; i++) {
        if (outcomes[i] == null) {
          outcomes[i] = single(talks.get(i), options);
        }
      }
    }
    return outcomes;
  }

  private Outcome single(List<ChatMessage> talk, GenerationOptions options) {
    try {
      return answered(generator.generate(talk, options));
    } catch (RequestRefusedException e) {
      counts.refused();
      refusals++;
      if (!answered && refusals >= MOST_REFUSALS) {
        throw e;
      }
      return new Outcome(null, String.valueOf(e.getMessage()));
    }
  }

  private Outcome answered(GeneratedText answer) {
    answered = true;
    counts.answered(answer);
    return new Outcome(answer, "");
  }
}
