package io.adapt4j.kernels.internal.cuda;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of the driver's statuses. */
class CudaDeviceTest {

  @TempDir private Path folder;
  private final FakeDriver driver = new FakeDriver();

  private CudaDevice open() {
    return CudaDevice.open(
        driver,
        new KernelCache(folder),
        () -> KernelImages.Found.of(new FakeCompiler()),
        name -> Optional.empty());
  }

  @Test
  void allSourcesThatADeviceCanRunAreLoadedAtOnce() {
    open();
    assertThat(driver.images).hasSize(KernelFile.values().length);
    driver.images.clear();
    driver.capability = Capability.LEAST;
    open();
    assertThat(driver.images).hasSize(KernelFile.values().length - 1);
  }

  @Test
  void noDeviceIsAReason() {
    driver.fail("init", 100);
    assertReason("cuInit: CUDA_ERROR_NO_DEVICE (100, no CUDA-capable device is detected)");
  }

  @Test
  void aDriverWithoutDevicesIsAReason() {
    driver.devices = 0;
    assertReason("the driver finds no device");
  }

  @Test
  void aDeviceThatIsTooOldIsAReason() {
    driver.capability = new Capability(7, 0);
    assertReason("Fake 3000 has compute capability 7.0, the kernels need 7.5");
  }

  @Test
  void anImageThatDoesNotLoadIsAReason() {
    driver.fail("loadModule", 218);
    assertReason("cuModuleLoadDataEx of quantize: an error unknown to the driver (218)");
  }

  @Test
  void aBinaryThatTheDriverRefusesIsFollowedByPtx() {
    driver.refused = "cubin";
    CudaDevice.open(
        driver,
        new KernelCache(folder),
        () -> KernelImages.Found.none("no NVRTC"),
        name ->
            Optional.of(name.getBytes(StandardCharsets.UTF_8))
                .filter(bytes -> !name.contains("sm_") || name.contains("sm_80")));
    assertThat(driver.images)
        .extracting(image -> new String(image, StandardCharsets.UTF_8).strip())
        .startsWith("quantize.sm_80.cubin", "quantize.ptx\0", "dequantize.sm_80.cubin");
  }

  private void assertReason(String message) {
    assertThatThrownBy(this::open).isInstanceOf(CudaException.class).hasMessage(message);
  }

  @Test
  void tooLittleMemoryComesWithTheNumbers() {
    CudaDevice device = open();
    driver.fail("allocate", 2);
    assertThatThrownBy(() -> new DeviceBuffer(device, 5000))
        .isInstanceOf(CudaException.class)
        .hasMessage(
            "cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (2, out of memory): asked for 5008 bytes, of 4000"
                + " bytes 1000 are free. Free memory on the device, or load a smaller model.");
    driver.fail("memory", 700);
    assertThatThrownBy(() -> new DeviceBuffer(device, 5000))
        .hasMessageContaining("asked for 5008 bytes. Free");
  }

  @Test
  void everyOtherFailureNamesCallErrorAndText() {
    CudaDevice device = open();
    for (String call : new String[] {"free", "upload", "download", "launch", "synchronize"}) {
      driver.fail(call, 700);
    }
    ByteBuffer buffer = ByteBuffer.allocate(16);
    assertRefused(() -> device.free(1), "cuMemFree");
    assertRefused(() -> device.upload(buffer, 1), "cuMemcpyHtoD");
    assertRefused(() -> device.download(1, buffer), "cuMemcpyDtoH");
    assertRefused(device::synchronize, "cuCtxSynchronize");
    assertRefused(
        () -> device.launch(Kernel.plain(DType.F32), 1, 1), "cuLaunchKernel of multiply_plain_f32");
  }

  private static void assertRefused(ThrowingCallable call, String name) {
    assertThatThrownBy(call)
        .isInstanceOf(CudaException.class)
        .hasMessage(
            name + ": CUDA_ERROR_ILLEGAL_ADDRESS (700, an illegal memory access was encountered)");
  }

  @Test
  void aKernelIsLaunchedFromItsOwnModuleWithItsOwnBlock() {
    CudaDevice device = open();
    device.launch(Kernel.wide(128), 3, 2);
    device.launch(Kernel.few(DType.F32), 5, 1);
    assertThat(driver.launches)
        .containsExactly(
            "multiply_128_bf16 of tensor.cu: 3 x 2 x 128",
            "multiply_few_f32 of plain.cu: 5 x 1 x 256");
  }

  @Test
  void anUploadThatFailsLeavesNothingAllocated() {
    CudaDevice device = open();
    driver.fail("upload", 700);
    refuses(CudaException.class, () -> DeviceBuffer.of(device, new float[4]));
    assertThat(driver.freed).isEqualTo(driver.allocated).isEqualTo(1);
  }
}
