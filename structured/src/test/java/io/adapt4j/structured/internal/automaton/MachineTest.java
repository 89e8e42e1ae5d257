package io.adapt4j.structured.internal.automaton;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.tokenize.TokenBytes;
import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.regex.RegexParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What machines keep and forget, and what they do with texts of many readings. */
@Timeout(60)
class MachineTest {

  private static final TokenBytes BYTES = vocabulary();

  private static TokenBytes vocabulary(String... pieces) {
    List<byte[]> tokens = new ArrayList<>();
    for (int value = 0; value < 256; value++) {
      tokens.add(new byte[] {(byte) value});
    }
    for (String piece : pieces) {
      tokens.add(piece.getBytes(StandardCharsets.UTF_8));
    }
    return TokenBytes.of(tokens);
  }

  private static void accept(ConstraintState state, String text) {
    for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
      state.accept(value & 0xFF);
    }
  }

  @Test
  void placesThatAlternateShareTheirMasks() {
    Machine machine = Machine.compile(RegexParser.whole("([ab][cd]){1,5000}")).over(BYTES);
    ConstraintState state = machine.begin(BYTES, false);
    accept(state, "acac");
    TokenMask letters = state.allowed();
    accept(state, "a");
    TokenMask others = state.allowed();
    accept(state, "cacaca");
    assertThat(state.allowed()).isSameAs(others).isNotEqualTo(letters);
    accept(state, "d");
    assertThat(state.allowed()).isSameAs(letters);
  }

  @Test
  void masksAreForgottenBeyondTheirMemory() {
    Machine.Automaton automaton = Machine.compile(RegexParser.whole("([ab][cd]){1,5000}"));
    Machine machine = automaton.over(BYTES, 1 << 20, 0);
    ConstraintState state = machine.begin(BYTES, false);
    accept(state, "acac");
    TokenMask letters = state.allowed();
    accept(state, "b");
    state.allowed();
    accept(state, "cac");
    assertThat(state.allowed()).isEqualTo(letters).isNotSameAs(letters);
  }

  @Test
  void answersGoOnWhereConfigurationsAreForgotten() {
    Machine.Automaton automaton = Machine.compile(RegexParser.whole("([ab]{1,9}[cd]){1,500}e"));
    long states = automaton.bytes();
    Machine machine = automaton.over(BYTES, 2_000, 1 << 20);
    ConstraintState state = machine.begin(BYTES, false);
    for (int i = 0; i < 400; i++) {
      assertThat(state.allowed().count()).isGreaterThan(1);
      accept(state, i % 2 == 0 ? "abbac" : "bd");
    }
    accept(state, "e");
    assertThat(state.mayEnd()).isTrue();
    assertThat(automaton.bytes() - states).isLessThan(4 * 2_000 + 100_000);
    assertThat(Machine.compile(RegexParser.whole("a")).over(BYTES).begin(BYTES, false).mayEnd())
        .isFalse();
  }

  @Test
  void aTextOfVeryManyReadingsGoesOn() {
    Machine machine = Machine.compile(RegexParser.whole("([ab]{0,1000}){0,1000}c")).over(BYTES);
    ConstraintState state = machine.begin(BYTES, false);
    for (int i = 0; i < 160; i++) {
      assertThat(state.allowed().contains('a')).isTrue();
      accept(state, "a");
    }
    accept(state, "c");
    assertThat(state.mayEnd()).isTrue();
    assertThat(state.allowed().count()).isZero();
  }

  @Test
  void readingsThatMultiplyWithEachByteAreBounded() {
    Node.Rule pairs = new Node.Rule("pairs");
    pairs.define(
        Node.alternatives(
            Node.sequence(Node.literal("("), pairs.reference(), Node.literal(")")),
            Node.sequence(
                Node.literal("("), pairs.reference(), new Node.Characters(CodePoints.of(')', '*'))),
            Node.literal("x")));
    TokenBytes tokens = vocabulary("((", "((((((((", "))");
    Machine machine = Machine.compile(pairs.reference()).over(tokens);
    ConstraintState state = machine.begin(tokens, false);
    for (int i = 0; i < 10; i++) {
      assertThat(state.allowed().contains(257)).as("eight at once").isTrue();
      state.accept(257);
    }
    accept(state, "x");
    int closed = 0;
    while (!state.mayEnd()) {
      int token = state.allowed().next(0);
      state.accept(token);
      closed += tokens.length(token);
    }
    assertThat(closed).isEqualTo(80);
  }

  @Test
  void manyTextsAreOneAutomatonWithSharedEnds() {
    List<Node> texts = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      texts.add(Node.literal("%03d is the number".formatted(i)));
    }
    texts.add(Node.literal("00"));
    texts.add(Node.literal("00"));
    Machine.Automaton automaton = Machine.compile(Node.alternatives(texts));
    assertThat(automaton.bytes()).as("a few states, not 17,000").isLessThan(10_000);
    ConstraintState state = automaton.over(BYTES).begin(BYTES, false);
    accept(state, "00");
    assertThat(state.mayEnd()).isTrue();
    accept(state, "7 is the number");
    assertThat(state.mayEnd()).isTrue();
    assertThat(state.allowed().count()).isZero();
  }
}
