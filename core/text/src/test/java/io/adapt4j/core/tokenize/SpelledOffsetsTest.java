package io.adapt4j.core.tokenize;

import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;

class SpelledOffsetsTest {

  private static final List<String> PIECES =
      List.of(
          split(
              "~",
              " ~  ~\n~\n\n~\t~\r\n~a~the~ the~don't~12~: ~<~|>~<|im_start|>~<|im_end|>",
              "<|endoftext|>~\u007f~\u0000~caf\u00e9~x \n"));

  private static final Map<String, Opened> OPEN = new ConcurrentHashMap<>();

  private record Opened(NativeTokenizer tokenizer, SpelledOffsets offsets) {}

  @AfterContainer
  static void closeAll() {
    OPEN.values().forEach(opened -> opened.tokenizer().close());
    OPEN.clear();
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.of(PIECES).list().ofMaxSize(10).map(pieces -> String.join("", pieces));
  }

  @Property(tries = 1000)
  @NeedsTokenizer("smollm2-135m-instruct")
  void offsetsAreThoseOfTheNativeLibrary(@ForAll("texts") String text) {
    requireSame("smollm2-135m-instruct", text);
  }

  @Property(tries = 1000)
  @NeedsTokenizer("gpt2")
  void offsetsOfGpt2AreThoseOfTheNativeLibrary(@ForAll("texts") String text) {
    requireSame("gpt2", text);
  }

  @Example
  @NeedsTokenizer("smollm2-135m-instruct")
  void asciiTextsAreFoundWithoutTheNativeLibrary() {
    Opened opened = opened("smollm2-135m-instruct");
    String text = " Two  words:\n\n<|im_end|>\t";
    int[] ids = opened.tokenizer().encode(text);
    assertThat(opened.offsets().find(text, ids, new int[ids.length], new int[ids.length])).isTrue();
  }

  @Example
  void aTextThatIsNotSpelledByItsTokensIsLeftToTheNativeLibrary() {
    Path stories = TestTokenizers.stories();
    TokenizerFile file = TokenizerFile.read(stories);
    try (NativeTokenizer tokenizer = new NativeTokenizer("stories", file.text())) {
      assertThat(SpelledOffsets.of(tokenizer, Vocabulary.read(file.path(), file.root()))).isEmpty();
    }
  }

  private static void requireSame(String name, String text) {
    Opened opened = opened(name);
    Encoding expected = opened.tokenizer().encodeWithOffsets(text);
    Encoding found = opened.tokenizer().encodeWithOffsets(text, opened.offsets());
    assertThat(found.ids()).isEqualTo(expected.ids());
    assertThat(found.starts()).isEqualTo(expected.starts());
    assertThat(found.ends()).isEqualTo(expected.ends());
  }

  private static Opened opened(String name) {
    return OPEN.computeIfAbsent(
        name,
        key -> {
          TokenizerFile file = TokenizerFile.read(TestTokenizers.shared(key));
          NativeTokenizer tokenizer = new NativeTokenizer(key, file.text());
          Vocabulary vocabulary = Vocabulary.read(file.path(), file.root());
          return new Opened(tokenizer, SpelledOffsets.of(tokenizer, vocabulary).orElseThrow());
        });
  }
}
