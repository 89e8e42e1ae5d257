package io.adapt4j.serve.internal.download;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks of addresses that are not of the public internet, and their neighbors that are. */
class PublicAddressesTest {

  private static boolean isPublic(String address) throws UnknownHostException {
    return PublicAddresses.isPublic(InetAddress.getByName(address));
  }

  /** Returns whether an address at some distance is public. */
  private static boolean isPublic(String address, long distance) throws UnknownHostException {
    byte[] bytes = InetAddress.getByName(address).getAddress();
    byte[] number = new BigInteger(1, bytes).add(BigInteger.valueOf(distance)).toByteArray();
    byte[] other = new byte[bytes.length];
    int length = Math.min(number.length, other.length);
    System.arraycopy(number, number.length - length, other, other.length - length, length);
    return PublicAddresses.isPublic(InetAddress.getByAddress(other));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0, 10.255.255.255",
    "100.64.0.0, 100.127.255.255",
    "127.0.0.0, 127.255.255.255",
    "168.63.129.16, 168.63.129.16",
    "169.254.0.0, 169.254.255.255",
    "172.16.0.0, 172.31.255.255",
    "192.0.0.0, 192.0.0.255",
    "192.0.2.0, 192.0.2.255",
    "192.88.99.0, 192.88.99.255",
    "192.168.0.0, 192.168.255.255",
    "198.18.0.0, 198.19.255.255",
    "198.51.100.0, 198.51.100.255",
    "203.0.113.0, 203.0.113.255",
    "2001:db8::, 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002::, 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  })
  void aBlockIsClosedFromItsFirstAddressToItsLast(String first, String last)
      throws UnknownHostException {
    assertThat(isPublic(first)).isFalse();
    assertThat(isPublic(last)).isFalse();
    assertThat(isPublic(first, -1)).isTrue();
    assertThat(isPublic(last, 1)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "0.255.255.255",
        "224.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "64:ff9b::808:808",
        "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001::",
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff::",
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        "4000::",
        "fc00::1",
        "fe80::1",
        "ff02::1"
      })
  void addressesAtTheEndsAreClosed(String address) throws UnknownHostException {
    assertThat(isPublic(address)).isFalse();
  }

  @Test
  void otherAddressesAreOpen() throws UnknownHostException {
    for (String address :
        new String[] {
          "1.0.0.0",
          "8.8.8.8",
          "223.255.255.255",
          "2000::",
          "2001:200::",
          "2606:4700::1111",
          "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
          "3fff:1000::",
          "::ffff:8.8.8.8"
        }) {
      assertThat(isPublic(address)).as(address).isTrue();
    }
  }
}
