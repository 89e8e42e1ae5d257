package io.adapt4j.structured.internal.automaton;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.tokenize.TokenBytes;
import org.jspecify.annotations.Nullable;

/** How far one answer has come. */
final class AnswerState implements ConstraintState {

  private final Machine machine;
  private final TokenBytes vocabulary;
  private Configuration configuration;

  /** Whether the next token begins a text. */
  private boolean first;

  private @Nullable TokenMask allowed;

  AnswerState(Machine machine, TokenBytes vocabulary, Configuration configuration, boolean first) {
    this.machine = machine;
    this.vocabulary = vocabulary;
    this.configuration = configuration;
    this.first = first;
  }

  @Override
  public TokenMask allowed() {
    TokenMask known = allowed;
    if (known == null) {
      known = machine.mask(configuration, first);
      allowed = known;
    }
    return known;
  }

  @Override
  public boolean mayEnd() {
    return configuration.mayEnd;
  }

  @Override
  public void accept(int tokenId) {
    if (!allowed().contains(tokenId)) {
      throw new IllegalArgumentException(
          "tokenId: expected a token that the constraint allows, found " + tokenId);
    }
    configuration =
        machine.after(configuration, tokenId, first ? vocabulary.atBeginning() : vocabulary);
    first = false;
    allowed = null;
  }

  @Override
  public int allowedPrefix(int[] tokenIds) {
    AnswerState ahead = new AnswerState(machine, vocabulary, configuration, first);
    for (int i = 0; i < tokenIds.length; i++) {
      if (!ahead.allowed().contains(tokenIds[i])) {
        return i;
      }
      ahead.accept(tokenIds[i]);
    }
    return tokenIds.length;
  }
}
