package io.adapt4j.core.internal.nn.memory;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Trainable parameters, LoRA matrices and rescalings that training adds to a declared network,
 * known before anything is allocated.
 */
public record TrainableSummary(
    Set<String> trained,
    List<LoraMatrices> factors,
    boolean untiesHead,
    long others,
    List<Rescaling> rescalings,
    Adapters adapters) {

  /** Adds a method's trainable layers to linear layers. */
  @FunctionalInterface
  public interface Adapters {

    /**
     * Adapts a layer whose weight is allocated, so that it computes and trains as in a run.
     *
     * @param base the layer, owned by the result
     */
    Linear put(Linear base, int slot, DType type);
  }

  /** LoRA matrices of one linear layer: A [ranks, in], and B [width, rank] for each part. */
  public record LoraMatrices(int slot, long in, long out, List<Part> parts, boolean dropout) {

    /** Copies the list. */
    public LoraMatrices {
      parts = List.copyOf(parts);
    }

    public long ranks() {
      return parts.stream().mapToLong(Part::rank).sum();
    }
  }

  /** An adapted part of a layer. */
  public record Part(long width, long rank) {}

  /**
   * A learned vector on one linear layer, such as DoRA's magnitude vector or the vectors of (IA)3.
   */
  public record Rescaling(int slot, boolean ofInput) {}

  /** Copies the collections. */
  public TrainableSummary {
    trained = Set.copyOf(trained);
    factors = List.copyOf(factors);
    rescalings = List.copyOf(rescalings);
  }

  /** Creates a summary of plain LoRA, without rescalings. */
  public TrainableSummary(
      Set<String> trained, List<LoraMatrices> factors, boolean untiesHead, long others) {
    this(trained, factors, untiesHead, others, List.of(), new LowRankOutline.OfSlots(factors));
  }

  /** Creates a summary for training all values of a network. */
  public static TrainableSummary everything(Network network) {
    return new TrainableSummary(network.tensors().keySet(), List.of(), false, 0);
  }

  /**
   * Creates a summary for a method that does not provide details: every linear layer is assumed to
   * save its input.
   */
  public static TrainableSummary ofValues(long values) {
    return new TrainableSummary(Set.of(), List.of(), false, values);
  }

  /** Creates a summary for LoRA of one rank on every projection of the layers. */
  public static TrainableSummary lowRank(Network network, int rank) {
    List<LinearSlot> slots = network.linears();
    List<LoraMatrices> factors = new ArrayList<>();
    for (int i = 0; i < slots.size(); i++) {
      Linear linear = slots.get(i).linear();
      List<Part> parts = linear.parts().stream().map(part -> new Part(part.width(), rank)).toList();
      factors.add(new LoraMatrices(i, linear.inFeatures(), linear.outFeatures(), parts, false));
    }
    return new TrainableSummary(Set.of(), factors, false, 0);
  }

  /** Returns whether the weight of the output layer has a gradient, its own or a tied one's. */
  boolean trainsHead(Parameter weight) {
    return trains(weight) || (untiesHead && !trained.isEmpty());
  }

  /**
   * Prepares a layer for a pass on shapes: adds the method's layers to it, or trains it if the
   * method did not provide details.
   *
   * @param linear an allocated layer, owned by the result
   */
  Linear adapted(Linear linear, int slot, DType type) {
    if (others > 0 && rescalings.isEmpty()) {
      linear.parameters().stream()
          .filter(parameter -> parameter.sizes().length > 1)
          .forEach(Parameter::train);
    }
    return adapters.put(linear, slot, type);
  }

  /** Returns a key for what is added to a layer, equal for layers with the same memory use. */
  List<Object> beside(int slot) {
    Stream<Object> matrices =
        factors.stream()
            .filter(factor -> factor.slot() == slot)
            .map(factor -> List.of(factor.parts(), factor.dropout()));
    Stream<Object> vectors =
        rescalings.stream().filter(rescaling -> rescaling.slot() == slot).map(Rescaling::ofInput);
    return Stream.concat(matrices, vectors).toList();
  }

  public boolean trains(Parameter parameter) {
    return parameter.slices().stream().anyMatch(slice -> trained.contains(slice.name()));
  }

  /**
   * Returns the shapes of the trained values as an optimizer sees them, without those of other
   * kinds.
   */
  public List<long[]> shapes(Network network) {
    List<long[]> shapes = new ArrayList<>();
    Set<String> open = new LinkedHashSet<>(trained);
    for (Parameter parameter : network.allParameters()) {
      for (Parameter.Slice slice : parameter.slices()) {
        if (open.remove(slice.name())) {
          long[] sizes = parameter.sizes();
          sizes[0] = slice.rows();
          shapes.add(sizes);
        }
      }
    }
    if (untiesHead && !open.isEmpty()) {
      shapes.add(network.embedding().sizes());
    }
    for (LoraMatrices factor : factors) {
      for (Part part : factor.parts()) {
        shapes.add(new long[] {part.rank(), factor.in()});
        shapes.add(new long[] {part.width(), part.rank()});
      }
    }
    return shapes;
  }
}
