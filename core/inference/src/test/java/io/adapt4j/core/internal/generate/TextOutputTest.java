package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class TextOutputTest {

  /** An output of pieces of text, and what each of them gives. */
  private static final class Pieces {
    private final StringBuilder given = new StringBuilder();
    private final TextOutput output;

    Pieces(List<String> stops) {
      output = new TextOutput(null, stops, given::append);
    }

    String push(String piece) {
      given.setLength(0);
      output.push(piece);
      return given.toString();
    }

    String finish() {
      given.setLength(0);
      output.finish();
      return given.toString();
    }

    boolean stopped() {
      return output.isStopped();
    }
  }

  @Test
  void passesTextThroughAtOnceWithoutStopStrings() {
    Pieces matcher = new Pieces(List.of());
    assertThat(matcher.push("any text")).isEqualTo("any text");
    assertThat(matcher.finish()).isEmpty();
  }

  @Test
  void cutsTheTextBeforeTheStopString() {
    Pieces matcher = new Pieces(List.of("END"));
    assertThat(matcher.push("a tale. END and more")).isEqualTo("a tale. ");
    assertThat(matcher.stopped()).isTrue();
    assertThat(matcher.push("ignored")).isEmpty();
    assertThat(matcher.finish()).isEmpty();
  }

  @Test
  void findsAStopStringSplitAcrossPieces() {
    Pieces matcher = new Pieces(List.of("\n\nUser:"));
    assertThat(matcher.push("Yes.\n")).isEqualTo("Yes.");
    assertThat(matcher.push("\nUs")).isEmpty();
    assertThat(matcher.stopped()).isFalse();
    assertThat(matcher.push("er: next")).isEmpty();
    assertThat(matcher.stopped()).isTrue();
  }

  @Test
  void releasesHeldTextOnceItCannotBecomeAStopString() {
    Pieces matcher = new Pieces(List.of("<end>"));
    assertThat(matcher.push("a <en")).isEqualTo("a ");
    assertThat(matcher.push("try>")).isEqualTo("<entry>");
    assertThat(matcher.stopped()).isFalse();
  }

  @Test
  void findsAStopStringThatBeginsInsideAFailedOne() {
    Pieces matcher = new Pieces(List.of("aab"));
    assertThat(matcher.push("a")).isEmpty();
    assertThat(matcher.push("a")).isEmpty();
    assertThat(matcher.push("a")).isEqualTo("a");
    assertThat(matcher.push("b")).isEmpty();
    assertThat(matcher.stopped()).isTrue();
  }

  @Test
  void returnsHeldTextAtTheEnd() {
    Pieces matcher = new Pieces(List.of("<end>"));
    assertThat(matcher.push("a <e")).isEqualTo("a ");
    assertThat(matcher.finish()).isEqualTo("<e");
  }

  @Test
  void theStopStringCompletedFirstWinsAndTheLongestOfThose() {
    Pieces matcher = new Pieces(List.of("b", "ab", "xabc"));
    assertThat(matcher.push("xabc")).isEqualTo("x");
    assertThat(matcher.stopped()).isTrue();
  }

  @Test
  void tokensBecomeTextAndAnIncompleteCharacterComesLast() {
    // The tokenizer falls back to bytes: the snowman is three tokens, of which two are pushed.
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      int[] ids = tokenizer.encode("Once upon a \u2603", false);
      StringBuilder given = new StringBuilder();
      TextOutput output = new TextOutput(tokenizer.stream(true), List.of(), given::append);
      for (int i = 0; i < ids.length - 1; i++) {
        output.push(ids[i]);
      }
      assertThat(given.toString()).startsWith("Once upon a").doesNotContain("\uFFFD");
      output.finish();
      assertThat(given.toString()).startsWith("Once upon a").endsWith("\uFFFD");
      assertThat(output.text()).isEqualTo(given.toString());
    }
  }

  @Test
  void tokensAfterAStopStringAreIgnoredToTheEnd() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      int[] ids = tokenizer.encode("Once upon a \u2603", false);
      StringBuilder given = new StringBuilder();
      TextOutput output = new TextOutput(tokenizer.stream(true), List.of("pon"), given::append);
      for (int i = 0; i < ids.length - 1; i++) {
        output.push(ids[i]);
      }
      output.finish();
      assertThat(given.toString()).isEqualTo("Once u");
      assertThat(output.text()).isEqualTo("Once u");
    }
  }

  @Property(tries = 500)
  void theOutputDoesNotDependOnThePiecesAndNeverHoldsAStopString(
      @ForAll @Size(max = 3)
          List<@StringLength(min = 1, max = 4) @CharRange(from = 'a', to = 'b') String> stops,
      @ForAll @Size(max = 12)
          List<@StringLength(max = 4) @CharRange(from = 'a', to = 'c') String> pieces) {
    String whole = String.join("", pieces);
    Pieces oneByOne = new Pieces(stops);
    StringBuilder output = new StringBuilder();
    for (String piece : pieces) {
      output.append(oneByOne.push(piece));
      String soFar = output.toString();
      assertThat(stops).noneMatch(soFar::contains);
    }
    output.append(oneByOne.finish());

    Pieces atOnce = new Pieces(stops);
    assertThat(output.toString()).isEqualTo(atOnce.push(whole) + atOnce.finish());
    assertThat(oneByOne.stopped()).isEqualTo(stops.stream().anyMatch(whole::contains));
    assertThat(whole).startsWith(output.toString());
  }
}
