/* log.h - a log's public key for fuzz targets; its secret half was thrown away. */
#ifndef RECTIFY_FUZZ_LOG_H
#define RECTIFY_FUZZ_LOG_H

#define FUZZ_LOG "rectify.test/log+d5286520+AcogNAe994z2pBmgG9wmm4BlU03IE4mF212D7kyj/iYL"

#endif
