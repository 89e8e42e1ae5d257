package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.VocabularyHead;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
  private @Nullable CompactHead compact;

  /** What the compact form was read of, and how often that had changed by then. */
  private @Nullable Parameter compactOf;

  private int changes;

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

  /** Puts a compact form beside the head's values, which is read and closed with the model. */
  public void putCompact(CompactHead form) {
    compact = form;
  }

  /** {@return the memory that a compact form takes beside the values; 0 where there is none} */
  public long compactBytes() {
    return compact == null ? 0 : compact.bytes();
  }

  /** Reads the compact form, after the values. */
  void readCompact(Checkpoint checkpoint) {
    if (compact != null) {
      compact.read(checkpoint);
      compactOf = head.weight();
      changes = head.weight().changes();
    }
  }

  /** Returns the compact form of the head's values. */
  public Optional<CompactHead> compact() {
    Parameter weight = head.weight();
    return weight == compactOf && !weight.isTrained() && weight.changes() == changes
        ? Optional.ofNullable(compact)
        : Optional.empty();
  }

  void close() {
    if (compact != null) {
      compact.close();
    }
  }

  /**
   * Gives a tied head values of its own, so that it can be trained alone. They are dropped when all
   * that asked for them have closed what they got; a head that the checkpoint has values for stays
   * as it is.
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
