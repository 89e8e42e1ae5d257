package io.adapt4j.core.text;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Child;
import io.adapt4j.core.tokenize.TokenBytes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswerCacheTest {

  private static final GenerationOptions OPTIONS = GenerationOptions.defaults();

  @TempDir private Path folder;
  private final AtomicInteger calls = new AtomicInteger();

  @Test
  void anAnswerThatIsKeptIsNotAskedForAgain() {
    TextGenerator generator =
        TextGenerator.named(
            "counting",
            (messages, options) -> {
              calls.incrementAndGet();
              return new GeneratedText(
                  "ünï 🐦\n\"", FinishReason.LENGTH, Optional.of(new TokenUsage(3, 4)), false);
            });
    GeneratedText first = cached(generator).generate("a", OPTIONS);
    GeneratedText second = cached(generator).generate("a", OPTIONS);
    assertThat(first.cached()).isFalse();
    assertThat(second).isEqualTo(first.fromCache());
    List<String> pieces = new ArrayList<>();
    cached(generator).stream(List.of(ChatMessage.user("a")), OPTIONS, pieces::add);
    assertThat(pieces).containsExactly(first.text());
    assertThat(calls).hasValue(1);
  }

  @Test
  void anAnswerWrittenBeforeFinishReasonsHadTheirNameIsStillFound() throws IOException {
    cached(counting("one")).generate("a", OPTIONS);
    try (Stream<Path> files = Files.walk(folder)) {
      Path file = files.filter(path -> path.toString().endsWith(".json")).findFirst().orElseThrow();
      ObjectNode former = (ObjectNode) CheckedJson.ofLine(Files.readString(file).stripTrailing());
      assertThat(former.remove("finishReason").asText()).isEqualTo("STOP");
      former.remove("checksum");
      former.put("ending", "FILTERED");
      Files.writeString(file, CheckedJson.line(former));
    }
    GeneratedText found = cached(counting("one")).generate("a", OPTIONS);
    assertThat(found.cached()).isTrue();
    assertThat(found.finishReason()).isEqualTo(FinishReason.CONTENT_FILTER);
  }

  @Test
  void anAnswerOfAShapeIsKeptForThatShape() {
    GenerationOptions named = shaped(Optional.of("digits"));
    cached(counting("one")).generate("a", OPTIONS);
    assertThat(cached(counting("one")).generate("a", named).cached()).isFalse();
    assertThat(cached(counting("one")).generate("a", named).cached()).isTrue();
    assertThat(cached(counting("one")).generate("a", shaped(Optional.of("b"))).cached()).isFalse();
    GenerationOptions unnamed = shaped(Optional.empty());
    cached(counting("one")).generate("a", unnamed);
    assertThat(cached(counting("one")).generate("a", unnamed).cached()).isFalse();
  }

  private static GenerationOptions shaped(Optional<String> identity) {
    OutputConstraint shape =
        new OutputConstraint() {
          @Override
          public ConstraintState begin(TokenBytes vocabulary, boolean atBeginning) {
            throw new UnsupportedOperationException("nothing is generated here");
          }

          @Override
          public Optional<String> identity() {
            return identity;
          }
        };
    return OPTIONS.toBuilder().constraint(shape).build();
  }

  @Test
  void anotherQuestionOtherOptionsAndAnotherGeneratorAreOthers() {
    cached(counting("one")).generate("a", OPTIONS);
    cached(counting("one")).generate("b", OPTIONS);
    cached(counting("one")).generate("a", OPTIONS.toBuilder().seed(1).build());
    cached(counting("one")).generate("a", OPTIONS.toBuilder().presencePenalty(1).build());
    cached(counting("one")).generate("a", OPTIONS.toBuilder().logitBias(Map.of(1, 1.0)).build());
    cached(counting("two")).generate("a", OPTIONS);
    cached(counting("one")).generate(List.of(ChatMessage.system("a")), OPTIONS);
    assertThat(calls).hasValue(7);
    assertThat(AnswerCache.at(folder).size()).isEqualTo(7);
  }

  @Test
  void aDamagedFileCountsAsMissingAndIsReplaced() throws IOException {
    for (byte[] damage :
        List.of(
            new byte[0],
            "{\"version\":1,\"te".getBytes(StandardCharsets.UTF_8),
            new byte[99],
            new byte[] {(byte) 0xff},
            "[]".getBytes(StandardCharsets.UTF_8))) {
      calls.set(0);
      cached(counting("one")).generate("a", OPTIONS);
      Files.write(onlyFile(), damage);
      assertThat(cached(counting("one")).generate("a", OPTIONS).text()).isEqualTo("re: a");
      int after = calls.get();
      assertThat(cached(counting("one")).generate("a", OPTIONS).cached()).isTrue();
      assertThat(calls).hasValue(after);
    }
  }

  @Test
  void requestsOfABatchThatAreAlikeAreAskedOnce() {
    List<GeneratedText> answers =
        cached(counting("one")).generateAll(talks("a", "b", "a", "a"), OPTIONS);
    assertThat(calls).hasValue(2);
    assertThat(answers)
        .extracting(GeneratedText::text)
        .containsExactly("re: a", "re: b", "re: a", "re: a");
    assertThat(answers).extracting(GeneratedText::cached).containsExactly(false, false, true, true);
  }

  @Test
  void whatWasAnsweredBeforeAFailureIsNotPaidTwice() {
    TextGenerator failing =
        TextGenerator.named(
            "one",
            (messages, options) -> {
              if (calls.incrementAndGet() == 3) {
                throw new GeneratorException("the third fails");
              }
              return GeneratedText.of("re: " + messages.get(0).content());
            });
    List<List<ChatMessage>> talks = talks("a", "b", "c", "d");
    assertThatThrownBy(() -> cached(failing).generateAll(talks, OPTIONS))
        .hasMessage("the third fails");
    calls.set(0);
    assertThat(cached(counting("one")).generateAll(talks, OPTIONS)).hasSize(4);
    assertThat(calls).hasValue(2);
  }

  @Test
  void aProcessThatIsKilledLeavesWhatItHadAnswered() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Asking.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    int answered = 0;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      while (answered < 20 && lines.readLine() != null) {
        answered++;
      }
      process.destroyForcibly().waitFor();
    } finally {
      process.destroyForcibly();
    }
    assertThat(answered).isEqualTo(20);
    List<GeneratedText> answers = cached(counting("asking")).generateAll(Asking.talks(), OPTIONS);
    assertThat(answers).extracting(GeneratedText::text).startsWith("re: 0", "re: 1");
    assertThat(answers.subList(0, answered)).allMatch(GeneratedText::cached);
    assertThat(calls.get()).isBetween(1, Asking.COUNT - answered);
  }

  /** Asks for answers without end, saying a line for each that arrived. */
  static final class Asking {

    private static final int COUNT = 100;

    private Asking() {}

    static List<List<ChatMessage>> talks() {
      return AnswerCacheTest.talks(
          Stream.iterate(0, i -> i + 1).limit(COUNT).map(String::valueOf).toArray(String[]::new));
    }

    public static void main(String[] arguments) {
      TextGenerator generator =
          TextGenerator.of(
              "asking",
              text -> {
                if (text.equals("60")) {
                  // Wait to be killed.
                  sleep();
                }
                return "re: " + text;
              });
      TextGenerator.cached(generator, AnswerCache.at(Path.of(arguments[0])))
          .generateAll(talks(), OPTIONS, (index, answer) -> System.out.println(index));
    }

    private static void sleep() {
      try {
        Thread.sleep(60_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Stores a long answer again and again under one key. */
  static final class Storing {

    static final String KEY = "ab".repeat(32);
    static final int LENGTH = 2 << 20;

    private Storing() {}

    public static void main(String[] arguments) {
      AnswerCache cache = AnswerCache.at(Path.of(arguments[0]));
      while (true) {
        cache.store(KEY, List.of(), false, GeneratedText.of("x".repeat(LENGTH)));
        System.out.println("stored");
      }
    }
  }

  @Test
  void anotherProcessNeverFindsHalfAnAnswer() throws Exception {
    try (Child child = new Child(Storing.class, folder)) {
      assertThat(child.line()).isEqualTo("stored");
      AnswerCache cache = AnswerCache.at(folder);
      for (int i = 0; i < 100; i++) {
        assertThat(cache.find(Storing.KEY).map(answer -> answer.text().length()))
            .as("read %d", i)
            .hasValue(Storing.LENGTH);
      }
      child.kill();
      assertThat(cache.find(Storing.KEY)).isPresent();
    }
  }

  @Test
  void aFlippedBitIsAskedForAgainAndNotGivenAsTheAnswer() throws IOException {
    cached(counting("one")).generate("a", OPTIONS);
    byte[] bytes = Files.readAllBytes(onlyFile());
    for (int place = 0; place < bytes.length; place++) {
      byte[] flipped = bytes.clone();
      flipped[place] ^= 4;
      Files.write(onlyFile(), flipped);
      assertThat(cached(counting("one")).generate("a", OPTIONS).text()).isEqualTo("re: a");
    }
  }

  @Test
  void severalThreadsMayUseOneFolder() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<List<GeneratedText>>> results = new ArrayList<>();
      String[] questions =
          Stream.iterate(0, i -> i + 1).limit(50).map(i -> "q" + i).toArray(String[]::new);
      for (int i = 0; i < 4; i++) {
        results.add(
            threads.submit(() -> cached(counting("one")).generateAll(talks(questions), OPTIONS)));
      }
      for (Future<List<GeneratedText>> result : results) {
        assertThat(result.get()).extracting(GeneratedText::text).contains("re: q0", "re: q49");
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(AnswerCache.at(folder).size()).isEqualTo(50);
  }

  @Test
  void theAnswersLongestUnusedGoFirst() throws IOException {
    TextGenerator generator = cached(counting("one"));
    generator.generate("a", OPTIONS);
    long size = Files.size(onlyFile());
    Files.setLastModifiedTime(onlyFile(), FileTime.from(Instant.now().minusSeconds(100)));
    Path oldest = onlyFile();
    generator.generate("b", OPTIONS);
    assertThat(AnswerCache.at(folder).prune(size)).isEqualTo(1);
    assertThat(oldest).doesNotExist();
    assertThat(AnswerCache.at(folder).prune(0)).isEqualTo(1);
    assertThat(AnswerCache.at(folder).size()).isZero();
  }

  @Test
  void theFolderStaysBelowItsLimit() {
    AnswerCache small = AnswerCache.at(folder, 1000);
    TextGenerator generator = TextGenerator.cached(counting("one"), small);
    for (int i = 0; i < 100; i++) {
      generator.generate("q" + i, OPTIONS);
    }
    assertThat(small.size()).isBetween(5, 20);
    assertThat(generator.generate("q99", OPTIONS).cached()).isTrue();
  }

  @Test
  void whatWasAskedAndTheKeyAreNotStored() throws IOException {
    try (TestServer server = new TestServer()) {
      TextGenerator.cached(server.client().apiKey("sk-secret").build(), AnswerCache.at(folder))
          .generate("a private question", OPTIONS);
    }
    assertThat(Files.readString(onlyFile()))
        .contains("fine")
        .doesNotContain("sk-secret")
        .doesNotContain("private");
  }

  @Test
  void aGeneratorWithoutAnIdentityIsRefusedWithTheRemedy() {
    TextGenerator nameless = (messages, options) -> GeneratedText.of("x");
    refuses(IllegalArgumentException.class, () -> cached(nameless), "TextGenerator.named");
  }

  private TextGenerator cached(TextGenerator generator) {
    return TextGenerator.cached(generator, AnswerCache.at(folder));
  }

  private TextGenerator counting(String identity) {
    return TextGenerator.of(
        identity,
        text -> {
          calls.incrementAndGet();
          return "re: " + text;
        });
  }

  private static List<List<ChatMessage>> talks(String... prompts) {
    return Stream.of(prompts).map(prompt -> List.of(ChatMessage.user(prompt))).toList();
  }

  private Path onlyFile() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).findFirst().orElseThrow();
    }
  }
}
