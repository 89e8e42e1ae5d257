/** What JavaCPP binds of the kernels in C++. Only for the classes one package up. */
package io.adapt4j.qlora.cpu;
