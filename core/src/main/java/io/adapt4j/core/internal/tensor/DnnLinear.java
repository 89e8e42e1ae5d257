package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.exception.EngineException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Products in F32 by oneDNN. libtorch takes those of MKL, which on AMD's processors leaves the
 * AVX-512 instructions alone and reaches half of their rate. In bfloat16 libtorch takes oneDNN
 * itself.
 */
final class DnnLinear {

  /** {@code onednn} or {@code mkl}: what multiplies in F32, whatever the processor. */
  static final String PROPERTY = "adapt4j.fp32.products";

  /** Smaller products take less time than finding out how to multiply them. */
  private static final long LEAST_PRODUCTS = 1L << 22;

  private static final Logger LOG = LoggerFactory.getLogger(DnnLinear.class);

  private static final Operator LINEAR =
      OperatorLibrary.of(DnnLinear.class, "onednn.py").operator("dnn_linear");

  /** The weight in the order in which it is read. */
  private static final Operator LINEAR_SHAPE =
      Operator.core("linear").needing(Temporaries.like(1, 1));

  /** Finds out once what there is. */
  private static final class Found {
    private static final boolean PRESENT = isWanted() && isPresent();
  }

  private DnnLinear() {}

  /** Whether a product is faster so. */
  static boolean takes(Tensor x, Tensor weight) {
    return x.type() == DType.F32
        && weight.type() == DType.F32
        && x.count() * weight.size(0) >= LEAST_PRODUCTS
        && isOnHost(x)
        && Found.PRESENT
        && x.isContiguous()
        && weight.isContiguous();
  }

  private static boolean isOnHost(Tensor x) {
    return FusedOps.onShapes(x) ? Engine.ofProcess().isOnHost() : x.engine().isOnHost();
  }

  static Tensor linear(Tensor x, Tensor weight, List<Tensor> bias) {
    Operator operator = FusedOps.onShapes(x) ? LINEAR_SHAPE : LINEAR;
    return operator.tensor(x, weight, bias).typedAs(x);
  }

  private static boolean isWanted() {
    String wanted = System.getProperty(PROPERTY, "");
    return wanted.isEmpty() ? Processor.isAmdWithAvx512() : wanted.equals("onednn");
  }

  /** libtorch is built without it for some systems. */
  static boolean isPresent() {
    try (Scope scope = Scope.open(Engine.ofProcess())) {
      Tensor one = Tensor.of(new float[] {1}, 1, 1);
      return LINEAR.tensor(one, one, List.of()).item() == 1;
    } catch (EngineException e) {
      LOG.debug("no products by oneDNN: {}", e.getMessage());
      return false;
    }
  }
}
