package io.adapt4j.core.tokenize;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;

/** What holds for every text, checked with tokenizers of four kinds. */
class TokenizerLawsTest {

  private static final String STORIES = "stories";
  private static final Map<String, Tokenizer> OPEN = new ConcurrentHashMap<>();
  private static final Map<String, Reference> REFERENCES = new ConcurrentHashMap<>();

  @AfterContainer
  static void closeAll() {
    OPEN.values().forEach(Tokenizer::close);
    OPEN.clear();
    REFERENCES.values().forEach(Reference::close);
    REFERENCES.clear();
  }

  @Provide
  Arbitrary<String> texts() {
    return Texts.any();
  }

  /** The tokenizer among the resources, and those beside the repository if they are there. */
  @Provide
  Arbitrary<String> names() {
    return Arbitraries.of(
        Stream.of(STORIES, "gpt2", "smollm2-135m-instruct", "mistral-7b-v0.1", "bert-base-uncased")
            .filter(name -> name.equals(STORIES) || TestTokenizers.hasShared(name))
            .toList());
  }

  /** The file of this GPT-2 asks for spaces before punctuation to be removed. */
  @Property(tries = 500)
  @NeedsTokenizer("gpt2")
  void gpt2GivesBackEveryTextCleanedUpAsItsFileAsks(@ForAll("texts") String text) {
    Tokenizer tokenizer = tokenizer("gpt2");
    int[] ids = tokenizer.encode(text, true);
    assertThat(tokenizer.decodeAsIs(ids, 0, ids.length, false)).isEqualTo(text);
    assertThat(tokenizer.decode(ids, true)).isEqualTo(SpaceCleanup.apply(text));
  }

  /** SmolLM2's vocabulary lacks six control characters and the bytes that begin planes 4 to 11. */
  @Property(tries = 500)
  @NeedsTokenizer("smollm2-135m-instruct")
  void smolLmGivesBackEveryTextOfTheBytesItKnows(@ForAll("texts") String text) {
    Tokenizer tokenizer = tokenizer("smollm2-135m-instruct");
    String known =
        text.replaceAll("[\u0004\u0006\u0013\u0014\u0016\u001D\\x{40000}-\\x{BFFFF}]", "");
    assertThat(tokenizer.decode(tokenizer.encode(known, false), false)).isEqualTo(known);
    assertThat(tokenizer.decode(tokenizer.encode(known, true), true)).isEqualTo(known);
  }

  @Property(tries = 500)
  void sentencePieceGivesBackEveryTextButItsOwnMarkForASpace(@ForAll("texts") String text) {
    Tokenizer tokenizer = tokenizer(STORIES);
    String expected = text.replace('\u2581', ' ');
    assertThat(tokenizer.decode(tokenizer.encode(text, false), false)).isEqualTo(expected);
    assertThat(tokenizer.decode(tokenizer.encode(text, true), true)).isEqualTo(expected);
  }

  @Property(tries = 500)
  @NeedsTokenizer("mistral-7b-v0.1")
  void mistralGivesBackEveryTextButItsOwnMarkForASpace(@ForAll("texts") String text) {
    Tokenizer tokenizer = tokenizer("mistral-7b-v0.1");
    assertThat(tokenizer.decode(tokenizer.encode(text, true), true))
        .isEqualTo(text.replace('\u2581', ' '));
  }

  @Property(tries = 500)
  void offsetsRiseInsideTheTextAndNeverSplitACharacter(
      @ForAll("names") String name, @ForAll("texts") String text) {
    Tokenizer tokenizer = tokenizer(name);
    Encoding encoding = tokenizer.encodeWithOffsets(text, false);
    assertThat(encoding.ids()).isEqualTo(tokenizer.encode(text, false));
    int last = 0;
    for (int i = 0; i < encoding.length(); i++) {
      int start = encoding.starts()[i];
      int end = encoding.ends()[i];
      assertThat(start).isBetween(last, end);
      assertThat(end).isLessThanOrEqualTo(text.length());
      assertThat(isBoundary(text, start) && isBoundary(text, end)).isTrue();
      last = start;
    }
  }

  @Property(tries = 500)
  void addedTokensAreThoseOfThePostProcessorInTheFile(
      @ForAll("names") String name, @ForAll("texts") String first, @ForAll("texts") String second) {
    Tokenizer tokenizer = tokenizer(name);
    Reference reference = reference(name);
    assertSame(tokenizer.encodeWithOffsets(first, true), reference.encodeFramed(first));
    assertThat(tokenizer.encode(first, true)).isEqualTo(reference.encodeFramed(first).ids());
    assertSame(tokenizer.encodePair(first, second), reference.encodeFramed(first, second));
  }

  @Property(tries = 300)
  void cutsAsTheLibraryDoesUnderLongestFirst(
      @ForAll("names") String name,
      @ForAll("texts") String first,
      @ForAll("texts") String second,
      @ForAll @IntRange(min = 5, max = 40) int maxLength) {
    Tokenizer tokenizer = tokenizer(name);
    Reference reference = reference(name);
    assertThat(tokenizer.encodeTruncated(first, maxLength))
        .isEqualTo(reference.encodeCut(maxLength, first));
    assertThat(tokenizer.encodePair(first, second, maxLength).ids())
        .isEqualTo(reference.encodeCut(maxLength, first, second));
  }

  @Property(tries = 200)
  void manyTextsAtOnceGiveWhatEachGivesAlone(
      @ForAll("names") String name, @ForAll List<@From("texts") String> texts) {
    Tokenizer tokenizer = tokenizer(name);
    for (boolean special : new boolean[] {false, true}) {
      assertThat(tokenizer.encodeAll(texts, special))
          .containsExactlyElementsOf(
              texts.stream().map(text -> tokenizer.encode(text, special)).toList());
    }
    assertThat(tokenizer.encodeAllTruncated(texts, 7))
        .containsExactlyElementsOf(
            texts.stream().map(text -> tokenizer.encodeTruncated(text, 7)).toList());
  }

  @Property(tries = 200)
  void unpairedSurrogatesAreRefusedWhereverTheyStand(
      @ForAll("texts") String before, @ForAll boolean high, @ForAll("texts") String after) {
    String broken = before + (high ? "\uD83D" : "\uDE00") + " " + after;
    Tokenizer tokenizer = tokenizer(STORIES);
    assertThatThrownBy(() -> tokenizer.encode(broken, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(high ? "U+D83D" : "U+DE00")
        .hasMessageContaining("at character " + before.length());
    refuses(IllegalArgumentException.class, () -> tokenizer.encodePair("a", broken));
    refuses(IllegalArgumentException.class, () -> tokenizer.encodeAll(List.of("a", broken), false));
  }

  private static void assertSame(Encoding found, Encoding expected) {
    assertThat(found.ids()).isEqualTo(expected.ids());
    assertThat(found.typeIds()).isEqualTo(expected.typeIds());
    assertThat(found.special()).isEqualTo(expected.special());
  }

  private static boolean isBoundary(String text, int index) {
    return index == 0
        || index == text.length()
        || !Character.isSurrogatePair(text.charAt(index - 1), text.charAt(index));
  }

  private static Tokenizer tokenizer(String name) {
    return OPEN.computeIfAbsent(name, key -> Tokenizer.load(folder(key)));
  }

  private static Reference reference(String name) {
    return REFERENCES.computeIfAbsent(name, key -> new Reference(folder(key)));
  }

  private static Path folder(String name) {
    return name.equals(STORIES) ? TestTokenizers.stories() : TestTokenizers.shared(name);
  }

  /** The library itself, which adds tokens and cuts in its own way. */
  private static final class Reference implements AutoCloseable {

    private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;
    private final NativeTokenizer whole;
    private final long cutting;

    Reference(Path folder) {
      try {
        String json = Files.readString(folder.resolve("tokenizer.json"));
        whole = new NativeTokenizer(folder.toString(), json);
        cutting = LIBRARY.createTokenizerFromString(json);
        LIBRARY.disablePadding(cutting);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    Encoding encodeFramed(String text) {
      return whole.encodeFramed(text);
    }

    Encoding encodeFramed(String first, String second) {
      return whole.encodeFramed(first, second);
    }

    int[] encodeCut(int maxLength, String text) {
      LIBRARY.setTruncation(cutting, maxLength, "LONGEST_FIRST", 0);
      return take(LIBRARY.encode(cutting, text, true));
    }

    int[] encodeCut(int maxLength, String first, String second) {
      LIBRARY.setTruncation(cutting, maxLength, "LONGEST_FIRST", 0);
      return take(LIBRARY.encodeDual(cutting, first, second, true));
    }

    private static int[] take(long encoding) {
      try {
        return Arrays.stream(LIBRARY.getTokenIds(encoding)).mapToInt(Math::toIntExact).toArray();
      } finally {
        LIBRARY.deleteEncoding(encoding);
      }
    }

    @Override
    public void close() {
      whole.close();
      LIBRARY.deleteTokenizer(cutting);
    }
  }
}
