package io.adapt4j.core.internal.tensor.tape;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.host.HostAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Gradient tape: records differentiable operators in the order they ran and walks them backwards.
 *
 * <p>libtorch's own graph saves whatever its formulas ask for; this one saves exactly what each
 * operator names ({@link #saveForBackward}), can drop and recompute a whole segment, and lets an
 * operator outside of libtorch provide its own backward function. Gradients of parameters go
 * straight into {@link Parameter#gradient}; the tape carries only those of activations.
 */
public final class Tape implements AutoCloseable {

  /** Backward function of an operator. */
  @FunctionalInterface
  public interface Backward {
    /**
     * Maps the gradients of an operator's outputs to those of its inputs.
     *
     * @param gradients one for each output; null if nothing depends on it
     * @return one for each input; null if there is none
     */
    Tensor[] apply(Tensor[] gradients);
  }

  /**
   * Backward function of an operator with one input and output that adds to an existing gradient.
   */
  @FunctionalInterface
  public interface AddingBackward {
    /**
     * Maps the gradient of the output to that of the input.
     *
     * @param present gradient of the input from other operators, or null; left unchanged
     */
    Tensor apply(Tensor gradient, Tensor present);
  }

  private static final class Node {
    private final Tensor[] outputs;
    private final Tensor[] inputs;
    private final Backward backward;
    private final AddingBackward adding;

    Node(Tensor[] outputs, Tensor[] inputs, Backward backward, AddingBackward adding) {
      this.outputs = outputs;
      this.inputs = inputs;
      this.backward = backward;
      this.adding = adding;
    }
  }

  private final List<Node> nodes = new ArrayList<>();
  private final Set<Tensor> tracked = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Scope saved = Scope.holder();
  private final List<Tape> inners = new ArrayList<>();

  public Tape() {}

  /** Requests the gradient of a tensor that no recorded operator created. */
  public void track(Tensor tensor) {
    tracked.add(tensor);
  }

  public boolean tracks(Tensor tensor) {
    return tracked.contains(tensor);
  }

  /**
   * Keeps a tensor of the open scope until this tape is closed. A tensor with another owner stays
   * with it: that owner must outlive the tape.
   */
  public Tensor saveForBackward(Tensor tensor) {
    if (tensor.scope() != null && tensor.scope() == Scope.current()) {
      saved.adopt(tensor);
    }
    return tensor;
  }

  /** Takes ownership of a tensor from its scope or tape. */
  public void take(Tensor tensor) {
    saved.adopt(tensor);
  }

  /** Records an operator that has just run. */
  public void record(Tensor[] outputs, Tensor[] inputs, Backward backward) {
    nodes.add(new Node(outputs, inputs, backward, null));
    Collections.addAll(tracked, outputs);
  }

  /** Records an operator of one input whose backward function adds to the existing gradient. */
  public void recordAdding(Tensor output, Tensor input, AddingBackward backward) {
    nodes.add(new Node(new Tensor[] {output}, new Tensor[] {input}, null, backward));
    tracked.add(output);
  }

  /**
   * Runs every backward function, last operator first.
   *
   * @return the gradient by {@code input}, or null if the output does not depend on it; owned by
   *     the open scope
   */
  public Tensor backward(Tensor output, Tensor gradient, Tensor input) {
    HostAllocator.current().giveBack();
    return walk(output, gradient, input);
  }

  /** Like {@link #backward}, for a segment of a longer computation. */
  public Tensor walk(Tensor output, Tensor gradient, Tensor input) {
    IdentityHashMap<Tensor, Tensor> gradients = new IdentityHashMap<>();
    gradients.put(output, gradient);
    for (int i = nodes.size() - 1; i >= 0; i--) {
      step(nodes.get(i), gradients, input, gradient);
    }
    return gradients.get(input);
  }

  /**
   * Like {@link #backward}, for a segment with several inputs, none of which the segment created.
   *
   * @return one gradient for each input, or null if the output does not depend on it
   */
  public Tensor[] walk(Tensor output, Tensor gradient, Tensor[] inputs) {
    IdentityHashMap<Tensor, Tensor> gradients = new IdentityHashMap<>();
    gradients.put(output, gradient);
    for (int i = nodes.size() - 1; i >= 0; i--) {
      step(nodes.get(i), gradients, inputs[0], gradient);
    }
    return Arrays.stream(inputs).map(gradients::get).toArray(Tensor[]::new);
  }

  private void step(
      Node node, IdentityHashMap<Tensor, Tensor> gradients, Tensor wanted, Tensor seed) {
    Tensor[] incoming = new Tensor[node.outputs.length];
    boolean any = false;
    for (int i = 0; i < incoming.length; i++) {
      incoming[i] =
          node.outputs[i] == wanted
              ? gradients.get(node.outputs[i])
              : gradients.remove(node.outputs[i]);
      any |= incoming[i] != null;
    }
    if (!any) {
      return;
    }
    List<Tensor> done = new ArrayList<>(Arrays.asList(incoming));
    try (Scope scope = Scope.open(seed.engine())) {
      boolean adds = node.adding != null;
      Tensor[] outgoing =
          adds
              ? new Tensor[] {node.adding.apply(incoming[0], gradients.get(node.inputs[0]))}
              : node.backward.apply(incoming);
      for (int i = 0; i < outgoing.length; i++) {
        if (outgoing[i] != null && tracked.contains(node.inputs[i])) {
          Tensor sum = adds ? outgoing[i] : merge(gradients.get(node.inputs[i]), outgoing[i]);
          done.add(gradients.put(node.inputs[i], scope.keep(sum)));
        }
      }
    }
    for (Tensor spent : done) {
      if (spent != null && spent != seed && !gradients.containsValue(spent)) {
        spent.close();
      }
    }
  }

  private static Tensor merge(Tensor present, Tensor more) {
    return present == null ? more : present.plus(more);
  }

  /** Closes another tape with this one, in case its backward function never runs. */
  public void onClose(Tape inner) {
    inners.add(inner);
  }

  /** Clears the record and closes every saved tensor. */
  @Override
  public void close() {
    inners.forEach(Tape::close);
    inners.clear();
    nodes.clear();
    tracked.clear();
    saved.close();
  }
}
