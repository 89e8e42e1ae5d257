package io.adapt4j.kernels.internal.cuda;

import io.adapt4j.core.internal.NativeCache;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * NVRTC through org.bytedeco. Creating an instance loads the native libraries, or throws a linkage
 * error.
 */
final class BytedecoCompiler implements Compiler {

  BytedecoCompiler() {
    NativeCache.prepareJavaCpp();
    Loader.load(nvrtc.class);
  }

  @Override
  public String version() {
    int[] major = new int[1];
    int[] minor = new int[1];
    check(nvrtc.nvrtcVersion(major, minor), "nvrtcVersion");
    return major[0] + "." + minor[0];
  }

  @Override
  public List<Integer> architectures() {
    int[] count = new int[1];
    check(nvrtc.nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
    int[] found = new int[count[0]];
    check(nvrtc.nvrtcGetSupportedArchs(found), "nvrtcGetSupportedArchs");
    return IntStream.of(found).boxed().toList();
  }

  @Override
  public byte[] compile(String name, String source, Target target) {
    try (_nvrtcProgram program = new _nvrtcProgram();
        BytePointer text = new BytePointer(source, StandardCharsets.UTF_8);
        BytePointer file = new BytePointer(name, StandardCharsets.UTF_8);
        PointerPointer<BytePointer> options =
            new PointerPointer<>(target.options().toArray(String[]::new))) {
      check(
          nvrtc.nvrtcCreateProgram(
              program, text, file, 0, (PointerPointer<?>) null, (PointerPointer<?>) null),
          "nvrtcCreateProgram of " + name);
      try {
        int status = nvrtc.nvrtcCompileProgram(program, target.options().size(), options);
        if (status != nvrtc.NVRTC_SUCCESS) {
          throw new CudaException(
              "nvrtcCompileProgram of %s: %s%n%s".formatted(name, text(status), log(program)));
        }
        return target.binary() ? binary(program) : ptx(program);
      } finally {
        nvrtc.nvrtcDestroyProgram(program);
      }
    }
  }

  private static byte[] binary(_nvrtcProgram program) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      check(nvrtc.nvrtcGetCUBINSize(program, size), "nvrtcGetCUBINSize");
      byte[] content = new byte[Math.toIntExact(size.get())];
      check(nvrtc.nvrtcGetCUBIN(program, content), "nvrtcGetCUBIN");
      return content;
    }
  }

  /** Returns the PTX; its size includes the terminating zero. */
  private static byte[] ptx(_nvrtcProgram program) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      check(nvrtc.nvrtcGetPTXSize(program, size), "nvrtcGetPTXSize");
      byte[] content = new byte[Math.toIntExact(size.get())];
      check(nvrtc.nvrtcGetPTX(program, content), "nvrtcGetPTX");
      return content;
    }
  }

  private static String log(_nvrtcProgram program) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      check(nvrtc.nvrtcGetProgramLogSize(program, size), "nvrtcGetProgramLogSize");
      byte[] content = new byte[Math.toIntExact(size.get())];
      check(nvrtc.nvrtcGetProgramLog(program, content), "nvrtcGetProgramLog");
      return new String(content, StandardCharsets.UTF_8).replace("\0", "").strip();
    }
  }

  private static void check(int status, String call) {
    if (status != nvrtc.NVRTC_SUCCESS) {
      throw new CudaException(call + ": " + text(status));
    }
  }

  private static String text(int status) {
    return nvrtc.nvrtcGetErrorString(status).getString() + " (" + status + ")";
  }
}
