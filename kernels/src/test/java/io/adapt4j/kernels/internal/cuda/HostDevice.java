package io.adapt4j.kernels.internal.cuda;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A device that is a process on this machine's CPU: the kernels' own sources, compiled by g++ with
 * {@code host_device.h} in place of what a GPU offers. A kernel that touches memory outside its
 * buffers, waits for threads that never come, or reads what has not been copied yet, fails here.
 */
public final class HostDevice implements Device, AutoCloseable {

  private static final String COMPILER = "g++";

  private final Process process;
  private final Path messages;
  private final OutputStream out;
  private final DataInputStream in;
  private final Capability capability;
  private final Map<Long, Long> sizes = new HashMap<>();
  private boolean backwards;
  private long allocated;
  private Kernel last;

  private HostDevice(Process process, Path messages, Capability capability) {
    this.process = process;
    this.messages = messages;
    this.out = new BufferedOutputStream(process.getOutputStream());
    this.in = new DataInputStream(new BufferedInputStream(process.getInputStream()));
    this.capability = capability;
  }

  /** Why there is none on this machine, if so. */
  public static Optional<String> absence() {
    try {
      Process version =
          new ProcessBuilder(COMPILER, "--version")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return version.waitFor() == 0
          ? Optional.empty()
          : Optional.of(COMPILER + " --version failed");
    } catch (IOException e) {
      return Optional.of("there is no " + COMPILER + ": " + e.getMessage());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Compiles the program that {@link #start} runs. */
  public static Path compile(Path folder) throws Exception {
    Path program = folder.resolve("host_device");
    compile(folder, program, "host_server.cpp");
    return program;
  }

  /** Compiles libraries that stand in for those of the driver and of NVRTC. */
  public static void compileDriver(Path folder) throws Exception {
    Path library = folder.resolve("libcuda.so.1");
    compile(
        folder,
        library,
        "host_driver.cpp",
        "-fPIC",
        "-shared",
        "-Wl,--version-script=" + resource("host_driver.map"));
    Files.createSymbolicLink(folder.resolve("libcudart.so.12"), library);
    Files.createSymbolicLink(folder.resolve("libnvrtc.so.12"), library);
  }

  /** Compiles a library that stands in for cuBLAS, and the kit's own that calls it. */
  public static Path compileBlas(Path folder) throws Exception {
    compile(folder, folder.resolve("libcublas.so.12"), "host_cublas.cpp", "-fPIC", "-shared");
    Path natives = folder.resolve("libadapt4jkit.so");
    Path jdk = Path.of(System.getProperty("java.home"), "include");
    compile(
        folder,
        natives,
        Path.of("../kernels/src/kit/natives.cpp"),
        "-fPIC",
        "-shared",
        "-I" + jdk,
        "-I" + jdk.resolve("linux"),
        "-ldl");
    return natives;
  }

  private static void compile(Path folder, Path output, String source, String... options)
      throws Exception {
    compile(folder, output, resource(source), options);
  }

  private static void compile(Path folder, Path output, Path source, String... options)
      throws Exception {
    Path log = folder.resolve("compiler.log");
    List<String> command = new ArrayList<>(List.of(COMPILER, "-std=c++17", "-O1"));
    command.add("-ffp-contract=off"); // products and sums are rounded one by one, as on a GPU
    command.addAll(List.of("-Wall", "-Wextra", "-Werror"));
    command.add("-I" + resource("host_device.h").getParent());
    command.add("-I" + resource("fourbit.cuh").getParent());
    command.addAll(List.of(options));
    command.addAll(List.of("-o", output.toString(), source.toString()));
    Process compiler =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    if (compiler.waitFor() != 0) {
      throw new IllegalStateException(Files.readString(log));
    }
  }

  /** A file of the module's sources: in another module's tests its resources are in a jar. */
  static Path resource(String name) {
    return Stream.of("main", "test")
        .map(kind -> Path.of("../kernels/src", kind, "resources/io/adapt4j/kernels/cuda", name))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no " + name + " in module kernels"));
  }

  /** Starts a device that claims a capability. */
  public static HostDevice start(Path program, Capability capability) throws IOException {
    Path messages = Files.createTempFile(program.getParent(), "messages", ".log");
    Process process =
        new ProcessBuilder(program.toString()).redirectError(messages.toFile()).start();
    return new HostDevice(process, messages, capability);
  }

  /** Runs the threads of each block from the last to the first. */
  public void backwards(boolean on) {
    backwards = on;
  }

  /** Bytes that are not freed yet. */
  public long allocated() {
    return allocated;
  }

  /** The kernel launched last. */
  public String lastFunction() {
    return last.function();
  }

  @Override
  public String name() {
    return "host";
  }

  @Override
  public Capability capability() {
    return capability;
  }

  @Override
  public synchronized long allocate(long bytes) {
    send(message(9).put((byte) 'a').putLong(bytes));
    long address = receive(Long.BYTES).getLong();
    sizes.put(address, bytes);
    allocated += bytes;
    return address;
  }

  @Override
  public synchronized void free(long address) {
    allocated -= sizes.remove(address);
    send(message(9).put((byte) 'f').putLong(address));
  }

  @Override
  public synchronized void upload(ByteBuffer source, long target) {
    send(message(17).put((byte) 'u').putLong(target).putLong(source.remaining()));
    sendRemaining(source.duplicate());
  }

  @Override
  public synchronized void download(long source, ByteBuffer target) {
    send(message(17).put((byte) 'd').putLong(source).putLong(target.remaining()));
    target.duplicate().put(receive(target.remaining()));
  }

  @Override
  public synchronized void launch(Kernel kernel, int columns, int rows, long... arguments) {
    last = kernel;
    byte[] function = kernel.function().getBytes(StandardCharsets.US_ASCII);
    ByteBuffer call = message(25 + function.length + arguments.length * Long.BYTES);
    call.put((byte) 'l').putInt(function.length).put(function);
    call.putInt(columns).putInt(rows).putInt(kernel.threads()).putInt(backwards ? 1 : 0);
    call.putInt(arguments.length);
    for (long argument : arguments) {
      call.putLong(argument);
    }
    send(call);
    byte[] problem = receive(receive(Integer.BYTES).getInt()).array();
    if (problem.length > 0) {
      throw new CudaException(new String(problem, StandardCharsets.UTF_8));
    }
  }

  private static ByteBuffer message(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Sends what has been put into a message. */
  private void send(ByteBuffer message) {
    sendRemaining(message.flip());
  }

  private void sendRemaining(ByteBuffer content) {
    byte[] bytes = new byte[content.remaining()];
    content.get(bytes);
    try {
      out.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ByteBuffer receive(int bytes) {
    try {
      out.flush();
      byte[] answer = new byte[bytes];
      in.readFully(answer);
      return ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw new CudaException("the device died: " + messages(), e);
    }
  }

  private String messages() {
    try {
      process.waitFor(10, TimeUnit.SECONDS);
      return Files.readString(messages);
    } catch (IOException | InterruptedException e) {
      return e.toString();
    }
  }

  @Override
  public void close() {
    process.destroy();
  }
}
