package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.VocabularyHead;

/**
 * The place of a decoder's output head. Where the checkpoint has no values for it, the token
 * embedding stands in, and a matrix of its own can be put there for as long as somebody needs it.
 */
public final class HeadSlot {

  private final String name;
  private final Parameter embedding;
  private final boolean storedTied;
  private VocabularyHead head;
  private int users;
  private boolean roundedInSteps;

  HeadSlot(String name, Parameter embedding, VocabularyHead head) {
    this.name = name;
    this.embedding = embedding;
    this.head = head;
    this.storedTied = isTied();
  }

  VocabularyHead head() {
    return head;
  }

  String name() {
    return name;
  }

  boolean isTied() {
    return head.weight() == embedding;
  }

  boolean isStoredTied() {
    return storedTied;
  }

  /**
   * Lets steps that decode token by token multiply with the head's weight rounded to 8 bits. All
   * else computes with the weight as it is.
   */
  public void roundInSteps() {
    roundedInSteps = true;
  }

  /** {@return whether steps may round the head's weight to 8 bits} */
  public boolean isRoundedInSteps() {
    return roundedInSteps;
  }

  /**
   * Gives a tied head values of its own, so that it can be trained alone. They are dropped when all
   * that asked for them have closed what they got; a head that the checkpoint has values for stays
   * as it is.
   *
   * @return what is closed when the values are no longer needed
   * @throws IllegalStateException if the model has no weights yet
   */
  public Untied untie() {
    if (isTied()) {
      Tensor values = embedding.value();
      Parameter own = Parameter.of(name, embedding.sizes());
      try (Scope scope = Scope.open(values.engine())) {
        own.allocate(values.type());
      }
      own.value().copyFrom(values);
      head = head.withWeight(own);
    }
    users++;
    return new Untied(this);
  }

  private void release() {
    users--;
    if (users == 0 && storedTied) {
      head.weight().close();
      head = head.withWeight(embedding);
    }
  }

  /** A need for a head with values of its own. Closed once or more often. */
  public static final class Untied implements AutoCloseable {

    private final HeadSlot slot;
    private boolean closed;

    private Untied(HeadSlot slot) {
      this.slot = slot;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        slot.release();
      }
    }
  }
}
