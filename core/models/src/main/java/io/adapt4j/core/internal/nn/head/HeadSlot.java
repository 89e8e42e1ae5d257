package io.adapt4j.core.internal.nn.head;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Slot of a decoder's output head. If the checkpoint has no values for it, it is tied to the token
 * embedding; {@link #untie} temporarily gives it its own matrix.
 */
public final class HeadSlot {

  private final String name;
  private final Parameter embedding;
  private final boolean storedTied;
  private VocabularyHead head;
  private int users;
  private boolean roundedInSteps;
  private @Nullable CompactHead compact;

  /** Parameter that the compact form was read from, and its change count at that time. */
  private @Nullable Parameter compactOf;

  private int changes;

  public HeadSlot(String name, Parameter embedding, VocabularyHead head) {
    this.name = name;
    this.embedding = embedding;
    this.head = head;
    this.storedTied = isTied();
  }

  public VocabularyHead head() {
    return head;
  }

  public String name() {
    return name;
  }

  public boolean isTied() {
    return head.weight() == embedding;
  }

  public boolean isStoredTied() {
    return storedTied;
  }

  /**
   * Allows decoding steps to use the head's weight rounded to 8 bits. Everything else uses the
   * unrounded weight.
   */
  public void roundInSteps() {
    roundedInSteps = true;
  }

  /** {@return whether steps may round the head's weight to 8 bits} */
  public boolean isRoundedInSteps() {
    return roundedInSteps;
  }

  /** Uses the same forms in steps as another slot with equal values, which closes them. */
  public void roundAs(HeadSlot other) {
    roundedInSteps = other.roundedInSteps;
    compact = other.compact().orElse(null);
    compactOf = head.weight();
    changes = head.weight().changes();
  }

  /** Adds a compact form of the head, which is read and closed with the model. */
  public void putCompact(CompactHead form) {
    compact = form;
  }

  /** {@return the additional bytes of a compact form; 0 if there is none} */
  public long compactBytes() {
    return compact == null ? 0 : compact.bytes();
  }

  /** Reads the compact form, after the head's values. */
  public void readCompact(Checkpoint checkpoint) {
    if (compact != null) {
      compact.read(checkpoint);
      compactOf = head.weight();
      changes = head.weight().changes();
    }
  }

  /** Returns the compact form, if it matches the head's current values. */
  public Optional<CompactHead> compact() {
    Parameter weight = head.weight();
    return weight == compactOf && !weight.isTrained() && weight.changes() == changes
        ? Optional.ofNullable(compact)
        : Optional.empty();
  }

  public void close() {
    if (compact != null) {
      compact.close();
    }
  }

  /**
   * Gives a tied head its own copy of the values, so that it can be trained separately. The copy is
   * dropped when all results of this method are closed; a head with values in the checkpoint stays
   * unchanged.
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

  /** A request for an untied head. Closing twice has no effect. */
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
