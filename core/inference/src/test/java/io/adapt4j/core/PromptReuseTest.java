package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a model reads again, and what it does not, as users call it. */
class PromptReuseTest {

  private static final GenerationOptions EIGHT =
      GenerationOptions.greedy().toBuilder().maxNewTokens(8).ignoreEos(true).build();
  private static final String STORY =
      "Once upon a time, there was a little girl named Lily. She had a cat and a dog and a bird.";

  @TempDir private static Path folder;

  private long before;
  private LanguageModel model;

  @BeforeEach
  void load() throws IOException {
    before = Tensor.live();
    model = TestModels.fp32(SmallModel.writeLonger(folder.resolve("model"), 2048));
    model.useChatTemplate(
        ChatTemplate.of(
            "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
                + "{% if add_generation_prompt %}assistant:{% endif %}",
            Map.of("bos_token", "<s>")));
  }

  @AfterEach
  void closingFreesWhatIsKept() {
    model.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void aTurnReadsAsManyTokensHoweverLongTheConversation() {
    List<ChatMessage> talk = new ArrayList<>();
    talk.add(ChatMessage.system("Tell " + STORY.repeat(5)));
    List<Long> reads = new ArrayList<>();
    int promptTokens = 0;
    for (int turn = 0; turn < 10; turn++) {
      talk.add(ChatMessage.user("What did Lily do on day " + turn + "?"));
      long so = model.prompts.prefilledTokens();
      Generation answer = model.chat(talk, EIGHT, piece -> {});
      reads.add(model.prompts.prefilledTokens() - so);
      promptTokens = answer.promptTokens();
      assertThat(answer).isEqualTo(model.chatAll(List.of(talk), EIGHT).get(0));
      talk.add(ChatMessage.assistant(answer.text()));
    }
    assertThat(promptTokens).isGreaterThan(400);
    assertThat(reads.get(0)).isGreaterThan(100);
    assertThat(reads.subList(1, 10)).allMatch(tokens -> tokens < 60);
  }

  @Test
  void withoutMemoryForItEachTurnReadsAll() {
    model.limitPromptCache(0);
    Generation first = model.generate(STORY, EIGHT, piece -> {});
    assertThat(model.generate(STORY, EIGHT, piece -> {})).isEqualTo(first);
    assertThat(model.prompts.prefilledTokens()).isEqualTo(2L * first.promptTokens());
  }

  @Test
  void severalPromptsNeitherUseNorChangeWhatIsKept() {
    model.generate(STORY, EIGHT);
    long bytes = model.prompts.bytes();
    long reads = model.prompts.prefilledTokens();
    model.generateAll(List.of(STORY, "Tom"), EIGHT);
    model.generateAll(List.of(STORY), EIGHT);
    model.generateIds(List.of(model.tokenizer().encodePrompt(STORY)), EIGHT);
    model.score(STORY, " She");
    assertThat(model.prompts.prefilledTokens()).isEqualTo(reads);
    assertThat(model.prompts.bytes()).isEqualTo(bytes).isPositive();
  }

  @Test
  void everyChangeOfTheAdaptersInUseDropsIt() {
    model.generate(STORY, EIGHT);
    model.addAdapter("a", new Scaling(0.5));
    assertThat(model.prompts.bytes()).isPositive();
    Stream.<Runnable>of(
            () -> model.useAdapters("a"),
            () -> model.useAdapters(),
            () -> model.useAdapters("a"),
            () -> model.enableAdapters(false),
            () -> model.enableAdapters(true),
            () -> model.withoutAdapters(() -> assertThat(model.prompts.bytes()).isZero()),
            () -> model.mergeAdapters(),
            () -> model.unmergeAdapters(),
            () -> model.removeAdapter("a"))
        .forEach(
            change -> {
              model.generate(STORY, EIGHT);
              assertThat(model.prompts.bytes()).isPositive();
              change.run();
              assertThat(model.prompts.bytes()).isZero();
              assertThat(model.generate(STORY, EIGHT, piece -> {}))
                  .isEqualTo(model.generateAll(List.of(STORY), EIGHT).get(0));
            });
  }

  @Test
  void whatChangesNothingLeavesIt() {
    model.generate(STORY, EIGHT);
    model.useAdapters();
    model.unmergeAdapters();
    model.withoutAdapters(() -> true);
    assertThat(model.prompts.bytes()).isPositive();
  }

  @Test
  void anAdapterSwitchedInTheMiddleOfAnAnswerLeavesNothingMixed() {
    model.addAdapter("a", new Scaling(0.5));
    model.generate(STORY, EIGHT, piece -> model.useAdapters("a"));
    assertThat(model.prompts.bytes()).isZero();
  }

  @Test
  void anAnswerInsideAnAnswerIsAsUsual() {
    Generation expected = model.generateAll(List.of(STORY), EIGHT).get(0);
    List<Generation> inside = new ArrayList<>();
    Generation outside =
        model.generate(
            STORY,
            EIGHT,
            piece -> {
              if (inside.isEmpty()) {
                inside.add(model.generate(STORY, EIGHT, other -> {}));
              }
            });
    assertThat(List.of(outside, inside.get(0))).containsOnly(expected);
  }

  @Test
  void aCancelledAnswerIsContinuedFromWhereItWas() {
    CancellationToken cancellation = new CancellationToken();
    Generation cut = model.generate(STORY, EIGHT, piece -> cancellation.cancel(), cancellation);
    assertThat(cut.finishReason()).isEqualTo(FinishReason.CANCELLED);
    long so = model.prompts.prefilledTokens();
    assertThat(model.generate(STORY, EIGHT, piece -> {}))
        .isEqualTo(model.generateAll(List.of(STORY), EIGHT).get(0));
    assertThat(model.prompts.prefilledTokens() - so).isEqualTo(1);
  }

  @Test
  void anAnswerWhoseReaderFailsKeepsNothing() {
    assertThatExceptionOfType(IllegalCallerException.class)
        .isThrownBy(
            () ->
                model.generate(
                    STORY,
                    EIGHT,
                    piece -> {
                      throw new IllegalCallerException("stop");
                    }));
    assertThat(model.prompts.bytes()).isZero();
  }

  @Test
  void conversationsOfSeveralThreadsGetTheAnswersTheyGetAlone() {
    List<CompletableFuture<Boolean>> talks =
        Stream.of("Lily", "Tom", "Sue")
            .map(name -> CompletableFuture.supplyAsync(() -> answersAreThoseAlone(name)))
            .toList();
    assertThat(talks).allMatch(CompletableFuture::join);
  }

  private boolean answersAreThoseAlone(String name) {
    boolean same = true;
    List<ChatMessage> talk = new ArrayList<>();
    for (int turn = 0; turn < 4; turn++) {
      talk.add(ChatMessage.user(STORY + " What did " + name + " say?"));
      Generation answer = model.chat(talk, EIGHT, piece -> {});
      same &= answer.equals(model.chatAll(List.of(talk), EIGHT).get(0));
      talk.add(ChatMessage.assistant(answer.text()));
    }
    return same;
  }

  @Test
  void textStopAndStreamAreTheSameWithGuesses() {
    try (LanguageModel stories = TestModels.stories()) {
      GenerationOptions plain = GenerationOptions.greedy().toBuilder().maxNewTokens(120).build();
      for (String prompt : List.of(STORY, STORY + " " + STORY, "Tom and his mom went to the")) {
        for (GenerationOptions options :
            List.of(plain, plain.toBuilder().stopStrings("a big box with", "Lily ").build())) {
          List<String> pieces = new ArrayList<>();
          Generation found =
              stories.generate(
                  prompt, options.toBuilder().promptLookupTokens(10).build(), pieces::add);
          assertThat(found).isEqualTo(stories.generateAll(List.of(prompt), options).get(0));
          assertThat(String.join("", pieces)).isEqualTo(found.text());
        }
      }
    }
  }

  @Test
  void aCancelledAnswerWithGuessesEndsAfterTheCurrentPass() {
    CancellationToken cancellation = new CancellationToken();
    GenerationOptions guessing = EIGHT.toBuilder().promptLookupTokens(10).build();
    List<String> pieces = new ArrayList<>();
    Generation cut =
        model.generate(
            STORY + STORY,
            guessing,
            piece -> {
              pieces.add(piece);
              cancellation.cancel();
            },
            cancellation);
    assertThat(cut.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(cut.tokenIds()).hasSizeLessThan(EIGHT.maxNewTokens());
    assertThat(String.join("", pieces)).isEqualTo(cut.text());
  }

  /** Scales the embedding while it is on or merged. */
  private record Scaling(double factor) implements AdapterMechanics {

    @Override
    public List<String> problems(Network declared) {
      return List.of();
    }

    @Override
    public TrainableSummary trainableSummary(Network declared) {
      return TrainableSummary.ofValues(0);
    }

    @Override
    public AttachedAdapter attach(Network network) {
      scale(network, factor);
      return new AttachedAdapter() {
        private boolean on = true;

        @Override
        public void merge() {}

        @Override
        public void unmerge() {}

        @Override
        public void enabled(boolean enabled) {
          if (enabled != on) {
            scale(network, enabled ? factor : 1 / factor);
            on = enabled;
          }
        }

        @Override
        public void close() {}
      };
    }

    private static void scale(Network network, double by) {
      try (Scope scope = Scope.open()) {
        Tensor weight = network.embedding().value();
        weight.copyFrom(weight.scaled(by));
      }
    }
  }
}
