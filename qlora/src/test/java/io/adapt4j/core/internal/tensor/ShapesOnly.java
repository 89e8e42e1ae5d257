package io.adapt4j.core.internal.tensor;

import static io.adapt4j.core.Words.words;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * While open, tensors are made on libtorch's meta device, which computes shapes and no numbers: a
 * device other than the CPU that every machine has. Every operator then checks that the tensors it
 * gets and those it returns are there; numbers that are read are zeros.
 *
 * <p>The operators are those of the sources, with three changes: the checks, zeros where numbers
 * leave the device, and other operators of the same shapes for those that libtorch has no shapes
 * for.
 */
public final class ShapesOnly implements AutoCloseable {

  private static final Engine META =
      new Engine(new TensorDevice(14, "meta"), ShapesOnly::operators);

  /**
   * Operators that make host tensors, that have one tensor only and also save paged state, or whose
   * tensors may be in two places.
   */
  private static final Set<String> CROSSING =
      Set.of(
          words(
              "empty zeros randn contiguous_as to_host copy_to copy_beside copy_into refresh",
              "copy_back dtype_of narrow transpose copy_as"));

  private static final Pattern HEADER = Pattern.compile("def (\\w+)\\(self, (.*)\\) -> (\\S.*):");

  private static final Pattern RETURN = Pattern.compile("( +)return (.*)");

  private static final String SUPPORT =
      """
      def on_device(self, name: str, tensors: List[Tensor]) -> List[Tensor]:
        for x in tensors:
          if not x.is_meta:
            ops.prim.RaiseException(torch.format("{}: a tensor is on another device", name))
        return tensors

      def one_on_device(self, name: str, x: Tensor) -> Tensor:
        return self.on_device(name, [x])[0]

      def zeros_on_host(self, x: Tensor) -> Tensor:
        return torch.zeros(x.size(), dtype=x.dtype, device=torch.device("cpu"))

      def copied(self, target: Tensor, source: Tensor) -> Tensor:
        if source.is_meta:
          if not target.is_meta:
            return torch.zero_(target)
        return torch.copy_(target, source)

      def selected(self, x: Tensor, dim: int, index: Tensor) -> Tensor:
        sizes = annotate(List[int], [index.size(0)])
        for i in range(1, torch.dim(x)):
          sizes.append(x.size(i))
        return torch.empty(sizes, dtype=x.dtype, device=index.device)

      def updated_adamw(self, parameters: List[Tensor], gradients: List[Tensor], means: List[Tensor], squares: List[Tensor], none: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, weight_decay: float, eps: float, amsgrad: bool, maximize: bool) -> int:
        for i in range(len(parameters)):
          torch.addcmul_(squares[i], gradients[i], gradients[i])
          torch.addcdiv_(parameters[i], means[i], squares[i])
          torch.add_(parameters[i], steps[i])
        return 0

      def looked_up(self, x: Tensor, index: Tensor) -> Tensor:
        sizes = annotate(List[int], [])
        for i in range(torch.dim(index)):
          sizes.append(index.size(i))
        sizes.append(x.size(1))
        return torch.empty(sizes, dtype=x.dtype, device=index.device)
      """;

  /** What is written otherwise: numbers that leave the device, and operators without shapes. */
  private static final List<List<String>> CHANGES =
      List.of(
          List.of("torch.cpu(", "self.zeros_on_host("),
          List.of("float(torch.to(x, 7))", "0."),
          List.of("float(torch.sqrt(torch.mean(torch.mul(update, update))))", "1."),
          List.of("torch.copy_(target, source)", "self.copied(target, source)"),
          List.of("torch.copy_(targets[i], sources[i])", "self.copied(targets[i], sources[i])"),
          List.of(
              "torch.copy_(targets[i], sources[i], sources[i].is_cuda and targets[i].is_pinned())",
              "self.copied(targets[i], sources[i])"),
          List.of("torch.index_select(", "self.selected("),
          List.of("torch.embedding(", "self.looked_up("),
          List.of(
              "torch.layer_norm(x, [x.size(-1)], weight, bias[0], eps)",
              "torch.add(torch.mul(x, weight), bias[0])"),
          List.of("torch.layer_norm(x, [x.size(-1)], weight, None, eps)", "torch.mul(x, weight)"),
          List.of("torch.relu(x)", "torch.tanh(x)"),
          List.of("torch.logical_and(", "torch.bitwise_and("),
          List.of("torch.logical_not(", "torch.bitwise_not("),
          List.of("torch.abs(", "torch.neg("),
          List.of("torch.bucketize(normal, borders)", "torch.to(normal, 4)"),
          List.of(
              "torch.scaled_dot_product_attention(q, k, v, own, 0., False, scale=scale)",
              "torch.matmul(torch.softmax(torch.matmul(q, torch.transpose(k, 2, 3)), -1), v)"),
          List.of("torch._fused_adamw_(parameters, ", "self.updated_adamw(parameters, "));

  private final Engine before;

  private ShapesOnly(Engine before) {
    this.before = before;
  }

  /** Begins; closing it goes back to the CPU. */
  public static ShapesOnly open() {
    requireChanges();
    return new ShapesOnly(Engine.setDefault(META));
  }

  private static void requireChanges() {
    String sources = OperatorLibrary.CORE.sources();
    for (List<String> change : CHANGES) {
      if (!sources.contains(change.get(0))) {
        throw new IllegalStateException("The operators have no " + change.get(0) + " any more");
      }
    }
  }

  /** The engine that computes shapes only, for use beside the one of the CPU. */
  public static Engine engine() {
    requireChanges();
    return META;
  }

  /** A tensor on the CPU all the same. */
  public static Tensor hostTensor(long... sizes) {
    return Tensor.zerosOnHost(DType.F32, sizes);
  }

  private static String operators(String sources) {
    String changed = sources;
    for (List<String> change : CHANGES) {
      changed = changed.replace(change.get(0), change.get(1));
    }
    return checked(changed) + "\n" + SUPPORT;
  }

  private static String checked(String sources) {
    StringBuilder checked = new StringBuilder();
    String name = "";
    String result = "";
    for (String line : (Iterable<String>) sources.lines()::iterator) {
      Matcher header = HEADER.matcher(line);
      Matcher end = RETURN.matcher(line);
      if (header.matches()) {
        name = header.group(1);
        result = CROSSING.contains(name) ? "" : header.group(3);
        checked.append(line).append('\n');
        if (!CROSSING.contains(name)) {
          checked.append(argumentCheck(name, header.group(2)));
        }
      } else if (end.matches() && result.equals("Tensor")) {
        checked.append(
            "%sreturn self.one_on_device(\"%s\", %s)%n"
                .formatted(end.group(1), name, end.group(2)));
      } else if (end.matches() && result.equals("List[Tensor]")) {
        checked.append(
            "%sreturn self.on_device(\"%s\", %s)%n".formatted(end.group(1), name, end.group(2)));
      } else {
        checked.append(line).append('\n');
      }
    }
    return checked.toString();
  }

  private static String argumentCheck(String name, String parameters) {
    List<String> single = new ArrayList<>();
    List<String> lists = new ArrayList<>();
    for (String parameter : parameters.split(", ", -1)) {
      String[] parts = parameter.split(": ", -1);
      if (parts[1].equals("Tensor")) {
        single.add(parts[0]);
      } else if (parts[1].equals("List[Tensor]")) {
        lists.add(parts[0]);
      }
    }
    StringBuilder check = new StringBuilder();
    if (!single.isEmpty()) {
      lists.add(0, "[" + String.join(", ", single) + "]");
    }
    for (String list : lists) {
      check.append("  self.on_device(\"%s\", %s)%n".formatted(name, list));
    }
    return check.toString();
  }

  @Override
  public void close() {
    Engine.setDefault(before);
  }
}
