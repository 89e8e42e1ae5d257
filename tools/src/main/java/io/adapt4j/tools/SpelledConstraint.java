package io.adapt4j.tools;

import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.core.tokenize.TokenBytes;
import java.util.Optional;

/** A constraint on texts in which special tokens that set off calls are spelled out. */
record SpelledConstraint(OutputConstraint texts, SpelledSigns signs) implements OutputConstraint {

  @Override
  public ConstraintState begin(TokenBytes vocabulary, boolean atBeginning) {
    return texts.begin(signs.spelled(vocabulary, atBeginning), atBeginning);
  }

  @Override
  public Optional<String> identity() {
    return texts.identity().map(identity -> identity + " with special tokens");
  }
}
