package io.adapt4j.spark.internal.train;

import com.google.common.primitives.Bytes;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.spark.internal.collective.CollectiveException;
import io.adapt4j.spark.internal.collective.Encoding;
import io.adapt4j.spark.internal.collective.Mesh;
import io.adapt4j.spark.internal.collective.Segments;
import io.adapt4j.spark.internal.collective.VectorSum;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Worker group connected by sockets. */
public final class SocketWorkers implements WorkerGroup, AutoCloseable {

  private static final byte SAID = 0;
  private static final byte PROBLEM = 1;

  private final Mesh mesh;
  private final VectorSum sum;
  private final boolean everyMicroBatch;
  private final boolean sharesData;
  private final List<Tensor> memory = new ArrayList<>();

  /** Creates a group over connections. */
  public SocketWorkers(Mesh mesh, Encoding encoding, boolean sharesData) {
    this.mesh = mesh;
    this.sharesData = sharesData;
    this.everyMicroBatch = encoding == Encoding.FP32;
    this.sum = new VectorSum(mesh, encoding, this::zeroed);
  }

  /** Allocates zeroed libtorch memory, which does not count toward the JVM's limits. */
  private List<ByteBuffer> zeroed(List<Integer> sizes) {
    List<ByteBuffer> made = new ArrayList<>();
    for (int bytes : sizes) {
      Tensor tensor = Tensor.empty(DType.F32, bytes / Float.BYTES).own();
      memory.add(tensor);
      TensorLists.zero(List.of(tensor));
      made.add(tensor.data());
    }
    return made;
  }

  @Override
  public int rank() {
    return mesh.rank();
  }

  @Override
  public int size() {
    return mesh.size();
  }

  @Override
  public boolean addsEveryMicroBatch() {
    return everyMicroBatch;
  }

  @Override
  public boolean sharesData() {
    return sharesData;
  }

  /** {@return the number of bytes this worker has sent} */
  public long bytesSent() {
    return mesh.bytesSent();
  }

  @Override
  public void add(List<Tensor> gradients, int contributors) {
    List<Tensor> host = gradients.stream().map(Tensor::toHost).toList();
    sum.add(segments(host), contributors);
    closeCopies(host, gradients);
  }

  @Override
  public void sum(List<Tensor> gradients) {
    List<Tensor> host = gradients.stream().map(Tensor::toHost).toList();
    sum.take(segments(host));
    for (int i = 0; i < host.size(); i++) {
      if (host.get(i) != gradients.get(i)) {
        gradients.get(i).copyFrom(host.get(i));
      }
    }
    closeCopies(host, gradients);
  }

  private static void closeCopies(List<Tensor> host, List<Tensor> gradients) {
    for (int i = 0; i < host.size(); i++) {
      if (host.get(i) != gradients.get(i)) {
        host.get(i).close();
      }
    }
  }

  private static Segments segments(List<Tensor> tensors) {
    return Segments.of(tensors.stream().map(Tensor::data).toList());
  }

  /** Thrown when a worker reports a permanent problem. */
  static final class ProblemException extends RuntimeException {

    private static final long serialVersionUID = 1;

    ProblemException(int rank, String problem) {
      super("worker " + rank + ": " + problem);
    }
  }

  @Override
  public List<byte[]> exchange(byte[] own) {
    return exchange(SAID, own);
  }

  private List<byte[]> exchange(byte kind, byte[] own) {
    List<byte[]> said = mesh.exchange(Bytes.concat(new byte[] {kind}, own));
    for (int rank = 0; rank < said.size(); rank++) {
      byte[] text = said.get(rank);
      if (text.length == 0 || text[0] != SAID) {
        throw new ProblemException(
            rank, new String(text, 1, Math.max(0, text.length - 1), StandardCharsets.UTF_8));
      }
    }
    return said.stream().map(text -> Arrays.copyOfRange(text, 1, text.length)).toList();
  }

  /** Waits until all workers have finished, so that a problem at the end is reported to all. */
  void finish() {
    exchange(new byte[0]);
  }

  /** Reports a permanent problem to the other workers. */
  boolean tell(String problem) {
    try {
      exchange(PROBLEM, problem.getBytes(StandardCharsets.UTF_8));
      return false;
    } catch (ProblemException e) {
      return true;
    } catch (CollectiveException e) {
      return false;
    }
  }

  @Override
  public void close() {
    mesh.close();
    memory.forEach(Tensor::close);
    memory.clear();
  }
}
