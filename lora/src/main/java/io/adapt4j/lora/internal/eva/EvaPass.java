package io.adapt4j.lora.internal.eva;

import static io.adapt4j.lora.internal.LoraOperators.operator;

import io.adapt4j.core.internal.method.ForwardPass;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.StackedLinear;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes over training batches that find the directions in which the inputs of adapted projections
 * vary most, and how many of them each projection gets (EVA, Paischer et al. 2024; PEFT 0.20).
 *
 * <p>Projections with the same input share one decomposition. It is updated inside the forward
 * pass, so that the inputs of one layer at a time are held.
 */
public final class EvaPass implements AutoCloseable {

  /** Limit of passes; directions that are not stable then are used as they are. */
  private static final int MOST = 256;

  private static final Logger LOG = LoggerFactory.getLogger(EvaPass.class);
  private static final Operator INPUT_ROWS = operator("input_rows");

  /**
   * Settings of the passes.
   *
   * @param rho limit of a projection's new rank, as a multiple of its rank
   * @param tau cosine from which a direction is stable
   */
  public record Settings(double rho, double tau, boolean targets) {}

  private final Network network;
  private final Settings settings;
  private final Map<Integer, List<AdaptedPart>> bySlot = new LinkedHashMap<>();
  private final Map<Integer, InputCapture> captures = new LinkedHashMap<>();
  private final List<SharedInput> inputs = new ArrayList<>();
  private final CountedTokens tokens;
  private BiConsumer<Integer, Tensor> use = (slot, x) -> {};

  private EvaPass(Network network, List<AdaptedPart> adapted, Settings settings) {
    this.network = network;
    this.settings = settings;
    adapted.forEach(
        part -> bySlot.computeIfAbsent(part.slot(), slot -> new ArrayList<>()).add(part));
    CountedTokens[] counting = new CountedTokens[1];
    network.embeddingSlot().replace(plain -> counting[0] = new CountedTokens(plain));
    tokens = counting[0];
    List<LinearSlot> slots = network.linears();
    for (int slot : bySlot.keySet()) {
      slots.get(slot).replace(base -> captureOf(slot, base));
    }
  }

  private InputCapture captureOf(int slot, Linear base) {
    InputCapture capture = new InputCapture(base, x -> use.accept(slot, x));
    captures.put(slot, capture);
    return capture;
  }

  /**
   * Returns the directions of each projection, [rank, in] with its new rank, perhaps 0; owned by
   * the caller. Projections without inputs in the first batch are missing. With {@code whiten} they
   * are divided by the square roots of their singular values.
   */
  public static Map<AdaptedPart, Tensor> run(
      Network network,
      List<AdaptedPart> adapted,
      Settings settings,
      boolean whiten,
      Iterator<ForwardPass> passes,
      long seed) {
    Torch.seed(seed);
    try (EvaPass pass = new EvaPass(network, adapted, settings)) {
      pass.findShared(passes);
      pass.findDirections(passes);
      Map<AdaptedPart, Tensor> directions = new LinkedHashMap<>();
      for (SharedInput input : pass.inputs) {
        directions.putAll(input.directions(whiten));
      }
      return directions;
    }
  }

  /** Announces the cost of the passes. */
  public static String cost(List<AdaptedPart> adapted) {
    return ("EVA runs training batches through the model before the first step, without gradients,"
            + " until the directions of %s projections are stable: %s batches at most.")
        .formatted(adapted.size(), MOST);
  }

  /** Groups the projections by input, in a first pass. */
  private void findShared(Iterator<ForwardPass> passes) {
    IdentityHashMap<Tensor, Integer> first = new IdentityHashMap<>();
    Map<Integer, List<AdaptedPart>> shared = new LinkedHashMap<>();
    Map<Integer, Integer> known = new TreeMap<>();
    pass(
        passes,
        (slot, x) -> {
          if (!known.containsKey(slot)) {
            known.put(slot, first.computeIfAbsent(x, unseen -> slot));
          }
        });
    known.forEach(
        (slot, source) ->
            shared.computeIfAbsent(source, key -> new ArrayList<>()).addAll(bySlot.get(slot)));
    shared.forEach((slot, parts) -> inputs.add(new SharedInput(slot, parts, settings.rho())));
  }

  private void pass(Iterator<ForwardPass> passes, BiConsumer<Integer, Tensor> reader) {
    ForwardPass pass = passes.next();
    tokens.begin(settings.targets() ? pass.targets() : Optional.empty());
    use = reader;
    pass.run().run();
    use = (slot, x) -> {};
  }

  private void findDirections(Iterator<ForwardPass> passes) {
    Map<Integer, SharedInput> bySource = new LinkedHashMap<>();
    inputs.forEach(input -> bySource.put(input.slot(), input));
    int count = 0;
    while (count < MOST && inputs.stream().anyMatch(input -> !input.isStable(settings.tau()))) {
      Map<Integer, SharedInput> moving = new LinkedHashMap<>(bySource);
      moving.values().removeIf(input -> input.isStable(settings.tau()));
      pass(
          passes,
          (slot, x) -> {
            SharedInput input = moving.get(slot);
            if (input != null) {
              add(input, x);
            }
          });
      count++;
      if (count == MOST || inputs.stream().noneMatch(input -> input.components().isEmpty())) {
        distribute();
      }
    }
    long unstable = inputs.stream().filter(input -> !input.isStable(settings.tau())).count();
    LOG.info(
        "EVA: {} forward passes over batches, {} decompositions for {} projections{}",
        count + 1,
        inputs.size(),
        bySlot.values().stream().mapToInt(List::size).sum(),
        unstable == 0 ? "" : "; directions of " + unstable + " were still turning");
  }

  private void add(SharedInput input, Tensor x) {
    long width = x.size(x.sizes().length - 1);
    int count = Math.toIntExact(x.count() / width);
    long[] counted = tokens.counted(count);
    if (counted.length > 0) {
      try (Scope scope = Scope.open()) {
        long[] index = counted.length == count ? new long[0] : counted;
        input.components().add(INPUT_ROWS.tensor(x, Tensor.of(index, index.length)));
      }
    }
  }

  /** Distributes the sum of ranks; the first projections of each input go first, as in PEFT. */
  private void distribute() {
    List<SharedInput> known =
        inputs.stream().filter(input -> !input.components().isEmpty()).toList();
    List<SharedInput.Rank> ranks = new ArrayList<>();
    known.forEach(input -> ranks.add(input.ranks().get(0)));
    known.forEach(input -> ranks.addAll(input.ranks().subList(1, input.ranks().size())));
    int[] found =
        RankDistribution.of(
            ranks.stream().map(SharedInput.Rank::shares).toList(),
            ranks.stream().mapToInt(rank -> rank.part().rank()).sum());
    for (int i = 0; i < found.length; i++) {
      ranks.get(i).set(found[i]);
    }
  }

  @Override
  public void close() {
    network.embeddingSlot().replace(present -> present == tokens ? tokens.plain() : present);
    List<LinearSlot> slots = network.linears();
    captures.forEach(
        (slot, capture) -> slots.get(slot).replace(top -> StackedLinear.without(top, capture)));
    inputs.forEach(input -> input.components().close());
  }
}
