package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What training adds to a declared network: known before anything has memory. */
public record TrainableSummary(
    Set<String> trained,
    List<LoraMatrices> factors,
    boolean untiesHead,
    long others,
    List<Rescaling> rescalings,
    Adapters adapters) {

  /** Puts on a linear layer what the method trains beside it. */
  @FunctionalInterface
  public interface Adapters {

    /**
     * Adapts a layer whose weight has memory, so that it computes and trains as in a run.
     *
     * @param base the layer, owned by what is returned
     */
    Linear put(Linear base, int slot, DType type);
  }

  /**
   * The low-rank factors beside one linear layer: A [ranks, in], and B [width, rank] for each part.
   */
  public record LoraMatrices(int slot, long in, long out, List<Part> parts, boolean dropout) {

    /** Copies the list. */
    public LoraMatrices {
      parts = List.copyOf(parts);
    }

    /** Adds up the ranks. */
    public long ranks() {
      return parts.stream().mapToLong(Part::rank).sum();
    }
  }

  /** An adapted part of a layer. */
  public record Part(long width, long rank) {}

  /** A learned vector beside one linear layer: the gains of DoRA, the vectors of (IA)3. */
  public record Rescaling(int slot, boolean ofInput) {}

  /** Copies the collections. */
  public TrainableSummary {
    trained = Set.copyOf(trained);
    factors = List.copyOf(factors);
    rescalings = List.copyOf(rescalings);
  }

  /** Makes a footprint without rescalings, whose factors are those of plain LoRA. */
  public TrainableSummary(
      Set<String> trained, List<LoraMatrices> factors, boolean untiesHead, long others) {
    this(trained, factors, untiesHead, others, List.of(), new LowRankOutline.OfSlots(factors));
  }

  /** Trains every value of a network. */
  public static TrainableSummary everything(Network network) {
    return new TrainableSummary(network.tensors().keySet(), List.of(), false, 0);
  }

  /** Stands for a method that does not say more: every linear layer is taken to keep its input. */
  public static TrainableSummary ofValues(long values) {
    return new TrainableSummary(Set.of(), List.of(), false, values);
  }

  /** Puts factors of one rank beside every projection of the layers. */
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

  /** Whether the weight of the output layer has a gradient, its own or that of a tied one. */
  boolean trainsHead(Parameter weight) {
    return trains(weight) || (untiesHead && !trained.isEmpty());
  }

  /**
   * Prepares a layer for a pass on shapes: with what trains beside it, or trained itself where
   * nothing is known of what trains.
   *
   * @param linear a layer with memory, owned by what is returned
   */
  Linear adapted(Linear linear, int slot, DType type) {
    if (others > 0 && rescalings.isEmpty()) {
      linear.parameters().stream()
          .filter(parameter -> parameter.sizes().length > 1)
          .forEach(Parameter::train);
    }
    return adapters.put(linear, slot, type);
  }

  /** What stands beside a layer, equal for layers that take the same memory. */
  List<Object> beside(int slot) {
    Stream<Object> matrices =
        factors.stream()
            .filter(factor -> factor.slot() == slot)
            .map(factor -> List.of(factor.parts(), factor.dropout()));
    Stream<Object> vectors =
        rescalings.stream().filter(rescaling -> rescaling.slot() == slot).map(Rescaling::ofInput);
    return Stream.concat(matrices, vectors).toList();
  }

  /** Returns whether a parameter has a gradient. */
  public boolean trains(Parameter parameter) {
    return parameter.slices().stream().anyMatch(slice -> trained.contains(slice.name()));
  }

  /** The shapes of the trained values as an optimizer sees them, those of another kind left out. */
  public List<long[]> shapes(Network network) {
    List<long[]> shapes = new ArrayList<>();
    Set<String> open = new LinkedHashSet<>(trained);
    for (Parameter parameter : network.parameters()) {
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
