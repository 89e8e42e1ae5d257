package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What training adds to a declared network: known before anything has memory.
 *
 * @param trained checkpoint names of the base tensors that train
 * @param factors low-rank factors beside linear layers
 * @param untiesHead whether a tied output head becomes its own matrix
 * @param others trained values of a kind not listed above, those of rescalings among them
 * @param rescalings learned vectors that multiply what goes into linear layers or comes out
 * @param adapters puts the factors and rescalings on a layer
 */
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
     * @param slot index of the layer in {@link Network#linears}
     * @param type the compute type
     * @return the adapted layer; the layer itself where nothing is beside it
     */
    Linear put(Linear base, int slot, DType type);
  }

  /**
   * The low-rank factors beside one linear layer: A [ranks, in], and B [width, rank] for each part.
   *
   * @param slot index of the layer in {@link Network#linears}
   * @param in width of the layer's input
   * @param out width of the layer's output, all parts together
   * @param parts the adapted parts, left to right
   * @param dropout whether each part draws a mask on its input
   */
  public record LoraMatrices(int slot, long in, long out, List<Part> parts, boolean dropout) {

    /**
     * Copies the list.
     *
     * @param slot index of the layer
     * @param in width of its input
     * @param out width of its output
     * @param parts the adapted parts
     * @param dropout whether each part draws a mask
     */
    public LoraMatrices {
      parts = List.copyOf(parts);
    }

    /**
     * Adds up the ranks.
     *
     * @return rows of A
     */
    public long ranks() {
      return parts.stream().mapToLong(Part::rank).sum();
    }
  }

  /**
   * An adapted part of a layer.
   *
   * @param width its outputs
   * @param rank rank of its factors
   */
  public record Part(long width, long rank) {}

  /**
   * A learned vector beside one linear layer: the gains of DoRA, the vectors of (IA)3.
   *
   * @param slot index of the layer in {@link Network#linears}
   * @param ofInput whether it multiplies the layer's input, not its output
   */
  public record Rescaling(int slot, boolean ofInput) {}

  /**
   * Copies the collections.
   *
   * @param trained names of base tensors that train
   * @param factors low-rank factors
   * @param untiesHead whether a tied output head becomes its own matrix
   * @param others trained values of another kind
   * @param rescalings learned vectors beside linear layers
   * @param adapters puts the factors and rescalings on a layer
   */
  public TrainableSummary {
    trained = Set.copyOf(trained);
    factors = List.copyOf(factors);
    rescalings = List.copyOf(rescalings);
  }

  /**
   * Makes a footprint without rescalings, whose factors are those of plain LoRA.
   *
   * @param trained names of base tensors that train
   * @param factors low-rank factors
   * @param untiesHead whether a tied output head becomes its own matrix
   * @param others trained values of another kind, of which nothing more is known
   */
  public TrainableSummary(
      Set<String> trained, List<LoraMatrices> factors, boolean untiesHead, long others) {
    this(trained, factors, untiesHead, others, List.of(), new LowRankOutline.OfSlots(factors));
  }

  /**
   * Trains every value of a network.
   *
   * @param network its structure
   * @return the footprint of full fine-tuning
   */
  public static TrainableSummary everything(Network network) {
    return new TrainableSummary(network.tensors().keySet(), List.of(), false, 0);
  }

  /**
   * Stands for a method that does not say more: every linear layer is taken to keep its input.
   *
   * @param values how many train
   * @return the footprint
   */
  public static TrainableSummary ofValues(long values) {
    return new TrainableSummary(Set.of(), List.of(), false, values);
  }

  /**
   * Puts factors of one rank beside every projection of the layers.
   *
   * @param network its structure
   * @param rank their rank
   * @return the footprint of a low-rank adapter on all linear layers
   */
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
   * @param slot index of the layer in {@link Network#linears}
   * @param type the compute type
   * @return the layer to compute with
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

  /**
   * Returns whether a parameter has a gradient.
   *
   * @param parameter one of the network's
   * @return true if any of its tensors trains
   */
  public boolean trains(Parameter parameter) {
    return parameter.slices().stream().anyMatch(slice -> trained.contains(slice.name()));
  }

  /**
   * The shapes of the trained values as an optimizer sees them, those of another kind left out.
   *
   * @param network the network
   * @return one entry a value
   */
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
