package io.adapt4j.lora.internal.peft;

import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names of experts' projections in adapter files. A checkpoint and an adapter on it may disagree:
 * one has a tensor for each expert and projection ({@code experts.3.gate_proj}), the other one for
 * all experts of a layer, with gate and up in it ({@code experts.gate_up_proj}).
 */
public final class ExpertNames {

  public static final String GATE_UP = "gate_up_proj";
  public static final String DOWN = "down_proj";

  private static final Pattern MODULE =
      Pattern.compile("(.+)\\.experts\\.(\\d{1,6})\\.(gate_proj|up_proj|down_proj|w1|w2|w3)");
  private static final Pattern STACKED =
      Pattern.compile("(.+)\\.experts\\[(\\d{1,6})]\\.(gate_up_proj|down_proj)");

  /** Granite's modules of all experts, which Transformers 5 names like those of other families. */
  private static final Pattern PARALLEL =
      Pattern.compile("(.+)\\[(\\d{1,6})]\\.(input_linear|output_linear)");

  private static final Map<String, String> CANONICAL =
      Map.of("input_linear", GATE_UP, "output_linear", DOWN);

  /** The names of gate, up and down projections of families whose experts are modules. */
  private static final List<String> USUAL = List.of("gate_proj", "up_proj", "down_proj");

  private static final List<String> MIXTRAL = List.of("w1", "w3", "w2");

  /** A router, whose scores choose experts. */
  private static final Pattern ROUTER =
      Pattern.compile("(.+)\\.(?:router(?:\\.(?:layer|proj))?|gate|gate\\.wg)");

  private ExpertNames() {}

  /** A projection named as in an adapter file. */
  public record Candidate(Linear.Part part, String origin) {

    /** Returns all paths that may denote it. */
    public List<String> names() {
      return origin.equals(part.path()) ? List.of(origin) : List.of(part.path(), origin);
    }
  }

  /** Returns whether a path is that of one expert's projection in a separate tensor. */
  public static boolean isModule(String path) {
    return MODULE.matcher(path).matches();
  }

  /** Returns the names of gate, up and down projections of experts that are modules in a family. */
  public static Set<String> names(String modelType) {
    return Set.copyOf(modelType.equals("mixtral") ? MIXTRAL : USUAL);
  }

  /** Returns the last component of a path. */
  public static String leaf(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /** Returns the names of the gate, up and down projections next to a given one. */
  public static List<String> siblings(String path) {
    return MIXTRAL.contains(leaf(path)) ? MIXTRAL : USUAL;
  }

  /** Returns the module of all experts of a layer in PEFT with Transformers 5. */
  public static String owner(String path) {
    Matcher module = MODULE.matcher(path);
    if (module.matches()) {
      return modern(module.group(1)) + ".experts";
    }
    Matcher parallel = PARALLEL.matcher(path);
    if (parallel.matches()) {
      return parallel.group(1) + ".experts";
    }
    Matcher stacked = STACKED.matcher(path);
    if (stacked.matches()) {
      return stacked.group(1) + ".experts";
    }
    throw new IllegalArgumentException(path);
  }

  /** Returns the module's name in Transformers 5, which names Mixtral's like other families'. */
  private static String modern(String mixture) {
    return mixture.replaceFirst("\\.block_sparse_moe$", ".mlp");
  }

  /**
   * Returns the current path of a stack's part, which files before Transformers 5 may name
   * differently.
   */
  static String canonical(String path) {
    Matcher parallel = PARALLEL.matcher(path);
    return parallel.matches()
        ? ExpertStacks.path(
            parallel.group(1) + ".experts",
            Integer.parseInt(parallel.group(2)),
            CANONICAL.get(parallel.group(3)))
        : path;
  }

  /** Returns the paths of mixtures whose experts can be adapted. */
  public static Set<String> mixtures(Network network) {
    Set<String> mixtures = new HashSet<>();
    for (LinearSlot slot : network.linears()) {
      String path = slot.parts().get(0).path();
      for (Pattern pattern : List.of(MODULE, STACKED, PARALLEL)) {
        Matcher matcher = pattern.matcher(path);
        if (matcher.matches()) {
          mixtures.add(matcher.group(1));
        }
      }
    }
    return mixtures;
  }

  /** Returns whether a projection is a router, which is not a linear module in Transformers 5. */
  public static boolean isRouter(String path, Set<String> mixtures) {
    Matcher matcher = ROUTER.matcher(path);
    return matcher.matches() && (mixtures.contains(matcher.group(1)) || path.contains(".router"));
  }

  /**
   * Returns the projections of a layer as an adapter names them.
   *
   * @param transposed whether the layer's weight is stored as [in, out]
   */
  public static List<Candidate> of(
      List<Linear.Part> parts, Set<String> stored, boolean mixtral, boolean transposed) {
    String first = parts.get(0).path();
    if (MODULE.matcher(first).matches()) {
      Linear.Part joined = joined(parts);
      return joined != null && holdsStack(stored, owner(first))
          ? List.of(new Candidate(joined, first))
          : own(parts);
    }
    if (ExpertParameters.isStacked(first)) {
      List<Candidate> split = transposed ? List.of() : split(parts.get(0), mixtral);
      boolean apart = split.stream().anyMatch(part -> stored.contains(part.part().path()));
      Linear.Part part = parts.get(0);
      return apart
          ? split
          : List.of(
              new Candidate(
                  new Linear.Part(canonical(part.path()), part.start(), part.width()),
                  part.path()));
    }
    return parts.stream().map(part -> renamed(part, stored)).toList();
  }

  private static List<Candidate> own(List<Linear.Part> parts) {
    return parts.stream().map(part -> new Candidate(part, part.path())).toList();
  }

  /**
   * Returns fused gate and up, or down, as a part of a stack; null if the layer has other parts.
   */
  private static Linear.@Nullable Part joined(List<Linear.Part> parts) {
    List<String> names = parts.stream().map(Linear.Part::name).toList();
    Matcher matcher = MODULE.matcher(parts.get(0).path());
    if (!matcher.matches()) {
      return null;
    }
    List<String> siblings = siblings(parts.get(0).path());
    boolean down = names.equals(siblings.subList(2, 3));
    if (!down && !names.equals(siblings.subList(0, 2))) {
      return null;
    }
    long width = parts.stream().mapToLong(Linear.Part::width).sum();
    int expert = Integer.parseInt(matcher.group(2));
    return new Linear.Part(
        ExpertStacks.path(owner(parts.get(0).path()), expert, down ? DOWN : GATE_UP),
        parts.get(0).start(),
        width);
  }

  /** Splits a part of a stack into projections of modules. */
  private static List<Candidate> split(Linear.Part part, boolean mixtral) {
    Matcher matcher = STACKED.matcher(part.path());
    if (!matcher.matches()) {
      return List.of();
    }
    String mixture = matcher.group(1);
    String parent = mixtral ? mixture.replaceFirst("\\.mlp$", ".block_sparse_moe") : mixture;
    List<String> names = mixtral ? MIXTRAL : USUAL;
    String path = parent + ".experts." + matcher.group(2) + ".";
    List<Candidate> split = new ArrayList<>();
    if (matcher.group(3).equals(DOWN)) {
      split.add(
          new Candidate(
              new Linear.Part(path + names.get(2), part.start(), part.width()), part.path()));
    } else {
      long half = part.width() / 2;
      for (int i = 0; i < 2; i++) {
        split.add(
            new Candidate(
                new Linear.Part(path + names.get(i), part.start() + i * half, half), part.path()));
      }
    }
    return split;
  }

  /** Returns whether a file has matrices for a projection, or for the stack that it is part of. */
  public static boolean isStored(String path, Set<String> stored) {
    return stored.contains(path)
        || (ExpertParameters.isStacked(path) && holdsStack(stored, owner(path)));
  }

  private static boolean holdsStack(Set<String> stored, String owner) {
    return stored.contains(owner) || stored.contains(owner + ".base_layer");
  }

  /** Returns a projection under its name in the other generation of Transformers. */
  private static Candidate renamed(Linear.Part part, Set<String> stored) {
    String path = part.path();
    if (stored.isEmpty() || stored.contains(path)) {
      return new Candidate(part, path);
    }
    Optional<String> other =
        List.of(
                path.replace(".block_sparse_moe.", ".mlp."),
                path.replace(".mlp.", ".block_sparse_moe."),
                path.replaceFirst("\\.router\\.layer$", ".router"))
            .stream()
            .filter(Predicate.not(path::equals))
            .filter(stored::contains)
            .findFirst();
    return new Candidate(new Linear.Part(other.orElse(path), part.start(), part.width()), path);
  }
}
